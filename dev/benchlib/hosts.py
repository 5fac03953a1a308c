"""The walk of the app on other hosts: each a Frappe with other apps, in a bench of its own.

A host's bench lies in `.bench/hosts/NAME`. The walk installs this app before and after the others, migrates
twice, sends to an SMTP server of its own, uninstalls, and uses the others' forms and jobs again. On a further
site it installs an earlier version last, lets it send, and walks on with this one.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from .bench import Bench
from .core.errors import BenchError
from .core.graph import run_steps
from .core.lock import bench_lock
from .core.paths import APP
from .core.say import say, step
from .core.shell import run
from .core.state import fingerprint
from .setup import choose_sources, source_steps
from .site import apps
from .site.config import list_apps_in_order
from .site.create import clone, new_site
from .site.frappe_command import command_line, environment

BASE = "base.localhost"
ORDERS = {"first": "first.localhost", "last": "last.localhost"}  # when this app is installed
UPGRADE = "upgraded"
# What a host has to show; each is a program in dev/in_site or a command of Frappe's.
STEPS = (
	"install",
	"migrate",
	"migrate again",
	"kept",  # of an upgrade alone
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


def walk(bench, hosts, python=None, revision=None):
	"""Walk through the hosts, print the table, and return 0 where every step went well.

	With `revision`, a name of a commit, each host also has an upgrade from there.
	"""
	for host in hosts:
		say(f"Host: {host.title}")
		_walk_host(bench, host, python, revision)
	say(table(hosts))
	return int(any(words != "ok" for host in hosts for words in host.results.values()))


def _walk_host(bench, host, python, revision):
	name = fingerprint(host.title)[:8]
	own = Bench(bench.paths.root, bench.paths.bench / "hosts" / name)
	try:
		own.paths.make()
		if revision:
			_place_earlier(own, revision)
		with bench_lock(own.paths):
			_make(own, host, python)
		for order, site in ORDERS.items():
			_walk_site(own, host, order, site)
		if revision:
			_walk_site(own, host, UPGRADE, f"{UPGRADE}.localhost")
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


def _place_earlier(own, revision):
	"""Unpack the app as it was at a commit."""
	folder, archive = _earlier(own), own.paths.bench / "earlier.tar"
	shutil.rmtree(folder, ignore_errors=True)
	folder.mkdir()
	command = ["git", "-C", own.paths.root, "archive", "--output", archive, revision, APP]
	run(command, own.setup_log, f"Reading the app of {revision}")
	run(["tar", "-xf", archive, "-C", folder], own.setup_log, f"Unpacking the app of {revision}")


def _earlier(own):
	return own.paths.bench / "earlier"


def _walk_site(own, host, order, site):
	with step(f"Copying it for this app {order}"):
		clone(own.paths, own.mariadb, BASE, site)
	for name in STEPS:
		if name == "kept" and order != UPGRADE:
			continue
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
			_install(own, site, order)
		elif name.startswith("migrate"):
			_command(own, site, "migrate", "--skip-search-index")
		elif name == "uninstall":
			_command(own, site, "uninstall-app", APP, "--yes", "--no-backup")
		elif name == "kept":
			_program(own, "upgrade_walk", site, name, own.paths.root / APP / "tests")
		else:
			_program(own, "host_walk", site, name.replace(" ", "_"), json.dumps(list(own.other_apps)))
	except BenchError as error:
		return str(error).strip().splitlines()[-1][:120]
	return "ok"


def _install(own, site, order):
	"""Install the apps; of an upgrade, the earlier version of this one, and let it work."""
	code = _earlier(own) if order == UPGRADE else None
	for app in [APP, *own.other_apps] if order == "first" else [*own.other_apps, APP]:
		_command(own, site, "install-app", app, code=code)
	if order == UPGRADE:
		_program(own, "upgrade_walk", site, "fill", own.paths.root / APP / "tests", code=code)


def _command(own, site, *arguments, code=None):
	command = command_line(own.paths, "--site", site, *arguments)
	log = own.paths.logs / f"walk-{site}.log"
	run(command, log, f"{arguments[0]} on {site}", cwd=own.paths.sites, env=_environment(own, code))


def _program(own, program, site, *arguments, code=None):
	command = [own.paths.python, own.paths.dev / "in_site" / f"{program}.py", site, *arguments]
	log = own.paths.logs / f"walk-{site}.log"
	run(command, log, f"{arguments[0]} on {site}", cwd=own.paths.sites, env=_environment(own, code))


def _environment(own, code):
	"""The environment of programs that find this app in the folder `code`, by default in this checkout."""
	return {**environment(own.paths), "PYTHONPATH": str(code or own.paths.root)}


def table(hosts):
	"""Return the results as a table of Markdown: a row for each host and order, a column for each step."""
	head = ("host", "this app", *STEPS)
	rows = [
		(host.title, order, *(host.results.get((order, name), "–") for name in STEPS))
		for host in hosts
		for order in dict.fromkeys(order for order, _name in host.results)
	]
	return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))
