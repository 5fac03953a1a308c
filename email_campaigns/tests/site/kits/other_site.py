"""For tests beside another app: a site of their own, with apps that the bench's other sites must not see."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import frappe
import redis

from email_campaigns.tests.support.bench_kit import TestBench
from email_campaigns.tests.support.smtp_server import ScriptedServer

DATA = Path(__file__).resolve().parents[2] / "data"
# {app: the module with the steps of its tests, and its database of Redis: the last ones, for test sites count
# from 1}
STEPS = {
	"erpnext": ("email_campaigns.tests.site.erpnext.erpnext_steps", 15),
	"crm": ("email_campaigns.tests.site.frappe_crm.crm_steps", 14),
}


class OtherSite:
	"""A site in a sites folder of its own, with its own apps and queue; every call is a process.

	The other app is the bench's own where it has one (`dev/bench setup --app PATH`), else its stand-in.
	"""

	def __init__(self, bench: TestBench, app: str):
		self.bench, self.app = bench, app
		self.name = f"{app}.localhost"
		self.folder = Path(tempfile.mkdtemp(prefix=f"ec-{app}-"))
		self.sites = self.folder / "sites"
		self.genuine = importlib.util.find_spec(app) is not None
		for folder in (self.sites, self.folder / "logs"):
			folder.mkdir()
		(self.sites / "assets").symlink_to(bench.sites / "assets")
		self._link_apps()
		shutil.copy(bench.sites / "common_site_config.json", self.sites)
		(self.sites / "apps.txt").write_text(f"frappe\n{app}\nemail_campaigns\n")

	def _link_apps(self) -> None:
		"""Frappe looks for the commands of an app beside the sites folder."""
		(self.folder / "apps").mkdir()
		for app in (self.bench.sites.parent / "apps").iterdir():
			(self.folder / "apps" / app.name).symlink_to(app.resolve())
		if not self.genuine:
			(self.folder / "apps" / self.app).symlink_to(self._stand_in)

	@property
	def _stand_in(self) -> Path:
		return DATA / f"{self.app}_standin"

	@property
	def _queue(self) -> str:
		return f"{self.bench.redis_queue.rpartition('/')[0]}/{STEPS[self.app][1]}"

	@property
	def _env(self) -> dict[str, str]:
		path = [] if self.genuine else [str(self._stand_in)]
		return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "FRAPPE_REDIS_QUEUE": self._queue}

	def make(self) -> None:
		"""Make the site with Frappe alone, which takes a minute where the bench has no dump of one."""
		redis.from_url(self._queue).flushdb()  # jobs of a run that was killed
		root = ["--db-root-username", "root", "--db-root-password", self.bench.db_root_password]
		names = ["--db-name", f"ec_{self.app}_test", "--admin-password", "admin", "--force"]
		dump = ["--source-sql", self.bench.new_site] if self.bench.new_site.is_file() else []
		self._run(self.bench.command("new-site", self.name, *names, *root, *dump, *_host_scope()))

	def drop(self) -> None:
		"""Remove site, database and folder."""
		root = ["--db-root-username", "root", "--db-root-password", self.bench.db_root_password]
		archive = ["--archived-sites-path", str(self.folder / "archived")]
		self._run(self.bench.command("drop-site", self.name, "--force", "--no-backup", *archive, *root))
		shutil.rmtree(self.folder)

	def frappe(self, *arguments: str, fails: bool = False) -> str:
		"""Run a command of Frappe's on the site and return its output.

		Raises AssertionError where it fails, or does not fail although `fails` expects it.
		"""
		return self._run(self.bench.command("--site", self.name, *arguments), fails)

	def step(self, name: str, **arguments):
		"""Do a step of the app's tests on the site, and return its result as JSON carries it."""
		return self.steps((name, arguments))[0]

	def steps(self, *steps: tuple[str, dict]) -> list:
		"""Do several steps in one process, because Frappe starts slowly."""
		answer = self.folder / "answer.json"
		module = STEPS[self.app][0]
		self._run([sys.executable, "-m", module, self.name, json.dumps(steps), str(answer)])
		return json.loads(answer.read_text())

	def _run(self, command: list[str], fails: bool = False) -> str:
		done = subprocess.run(
			command,
			cwd=self.sites,
			env=self._env,
			stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT,
			text=True,
			timeout=900,
		)
		assert (done.returncode != 0) == fails, f"{command}:\n{done.stdout[-6000:]}"
		return done.stdout


@contextmanager
def an_other_site(bench: TestBench, app: str) -> Iterator[tuple[OtherSite, ScriptedServer]]:
	"""Give a site that is still to be made and a mail server, and remove both afterwards."""
	site, server = OtherSite(bench, app), ScriptedServer().start()
	try:
		yield site, server
	finally:
		server.stop()
		site.drop()


def do_steps(find: Callable[[str], Callable], site: str, steps: str, answer: str) -> None:
	"""Do the steps of `OtherSite.steps` in their own process; `find` gives the function of a name."""
	frappe.init(site=site)
	frappe.connect()
	answers = []
	for name, arguments in json.loads(steps):
		answers.append(find(name)(**arguments))
		frappe.db.commit()
	frappe.destroy()
	Path(answer).write_text(json.dumps(answers, default=str))


def _host_scope() -> list[str]:
	"""The option that lets the site's database user sign in over TCP; its name changed over time."""
	commands = Path(frappe.__file__).parent / "commands" / "site.py"
	known = "--mariadb-user-host-login-scope" in commands.read_text("utf-8")
	return ["--mariadb-user-host-login-scope=%"] if known else ["--no-mariadb-socket"]
