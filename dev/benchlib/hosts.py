"""The walk of the app on other hosts: each a Frappe with other apps, in a bench of its own.

A host's bench lies in `.bench/hosts/NAME`. The walk installs this app before and after the others, migrates
twice, sends to an SMTP server of its own, uninstalls, and uses the others' forms and jobs again.
"""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .bench import Bench
from .core.errors import BenchError
from .core.graph import run_steps
from .core.lock import bench_lock
from .core.paths import APP
from .core.say import say, step
from .core.state import fingerprint
from .setup import choose_sources, source_steps
from .site import apps
from .site.config import list_apps_in_order
from .site.create import clone, new_site
from .site.frappe_command import environment, frappe

BASE = "base.localhost"
ORDERS = {"first": "first.localhost", "last": "last.localhost"}  # when this app is installed
# What a host has to show; each is a function of dev/in_site/host_walk.py or a command of Frappe's.
STEPS = (
	"install",
	"migrate",
	"migrate again",
	"in force",
	"send",
	"uninstall",
	"forms",
	"jobs",
	"migrate after",
)


@dataclass
class Host:
	"""Checkouts of Frappe and of the apps beside this one, and `results`, {(order, step): words}."""

	frappe: str
	apps: list[str] = field(default_factory=list)
	results: dict = field(default_factory=dict)

	@property
	def title(self):
		"""The versions, as a table shows them."""
		return " + ".join(_version(Path(folder)) for folder in (self.frappe, *self.apps))


def _version(folder):
	"""Return "frappe 15.101.1" for the checkout of an app."""
	hooks = next(iter(folder.resolve().glob("*/hooks.py")), None)
	if not hooks:
		raise BenchError(f"{folder} is no checkout of a Frappe app: it has no */hooks.py.")
	text = (hooks.parent / "__init__.py").read_text(encoding="utf-8")
	lines = [line for line in text.splitlines() if line.startswith("__version__")]
	number = lines[0].partition("=")[2].strip(" \"'") if lines else ""
	return f"{hooks.parent.name} {number}".strip()


def walk(bench, hosts, python=None):
	"""Walk through the hosts, print the table, and return 0 where every step went well."""
	for host in hosts:
		say(f"Host: {host.title}")
		_walk_host(bench, host, python)
	say(table(hosts))
	return int(any(words != "ok" for host in hosts for words in host.results.values()))


def _walk_host(bench, host, python):
	name = fingerprint(host.title)[:8]
	own = Bench(bench.paths.root, bench.paths.bench / "hosts" / name)
	try:
		own.paths.make()
		with bench_lock(own.paths):
			_make(own, host, python)
		for order, site in ORDERS.items():
			_walk_site(own, host, order, site)
	finally:
		for service in (*own.caches, own.mariadb):
			service.process.stop()


def _make(own, host, python):
	choose_sources(own, host.frappe, python)
	for folder in host.apps:
		apps.add(own, folder)
	run_steps(source_steps(own))
	apps.install_packages(own)
	list_apps_in_order(own.paths, ["frappe", *apps.folders(own)])
	if not own.marks.done("base-site"):
		with step("Making a site with Frappe alone"):
			new_site(own.paths, own.mariadb, BASE)
			own.marks.set("base-site")


def _walk_site(own, host, order, site):
	with step(f"Copying it for this app installed {order}"):
		clone(own.paths, own.mariadb, BASE, site)
	for name in STEPS:
		done = host.results.setdefault((order, name), "")
		with step(f"{order}: {name}"):
			done = _attempt(own, site, order, name)
		host.results[order, name] = done
		if done != "ok":
			say(f"    {order}, {name}: {done}")
			if name in ("install", "uninstall"):
				return


def _attempt(own, site, order, name):
	"""Return "ok", or the last line of what went wrong."""
	try:
		if name == "install":
			for app in _in_order(own, order):
				_command(own, site, "install-app", app)
		elif name.startswith("migrate"):
			_command(own, site, "migrate", "--skip-search-index")
		elif name == "uninstall":
			_command(own, site, "uninstall-app", APP, "--yes", "--no-backup")
		else:
			_program(own, site, name.replace(" ", "_"))
	except BenchError as error:
		return str(error).strip().splitlines()[-1][:120]
	return "ok"


def _in_order(own, order):
	return [APP, *own.other_apps] if order == "first" else [*own.other_apps, APP]


def _command(own, site, *arguments):
	what = f"{arguments[0]} on {site}"
	frappe(own.paths, "--site", site, *arguments, what=what, log=f"walk-{site}")


def _program(own, site, name):
	script = own.paths.dev / "in_site" / "host_walk.py"
	log = own.paths.logs / f"walk-{site}.log"
	done = subprocess.run(
		[own.paths.python, script, site, name, json.dumps(list(own.other_apps))],
		cwd=own.paths.sites,
		env={**environment(own.paths), "PYTHONPATH": str(own.paths.root)},
		capture_output=True,
		text=True,
		timeout=1800,
	)
	with open(log, "a", encoding="utf-8") as output:
		output.write(f"\n$ host_walk {name}\n{done.stdout}{done.stderr}")
	if done.returncode:
		raise BenchError(done.stderr or done.stdout or name)


def table(hosts):
	"""Return the results as a table of Markdown: a row for each host and order, a column for each step."""
	head = ("host", "this app", *STEPS)
	rows = [
		(host.title, order, *(host.results.get((order, name), "–") for name in STEPS))
		for host in hosts
		for order in ORDERS
	]
	return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
