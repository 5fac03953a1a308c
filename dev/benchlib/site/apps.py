"""This app, and others named with --app, on the bench and on its sites."""

import os
from pathlib import Path

from ..core.errors import BenchError
from ..core.paths import APP
from ..core.say import step
from ..core.state import fingerprint
from ..services.redis import flush
from .config import list_apps_in_order
from .frappe_command import frappe

# The sources of a site's tables and records; a change of any makes a migration necessary.
SCHEMA = (
	"*/doctype/*/*.json",
	"*/report/*/*.json",
	"*/workspace/*/*.json",
	"*/number_card/*/*.json",
	"*/dashboard_chart/*/*.json",
	"*/*/*/*.json",
	"workspace_sidebar/*.json",
)


def add(bench, folder):
	"""Remember another Frappe app, in the folder of its checkout; raises BenchError when it is none."""
	folder = Path(folder).resolve()
	hooks = list(folder.glob("*/hooks.py"))
	if not hooks:
		raise BenchError(f"{folder} is no checkout of a Frappe app: it has no */hooks.py.")
	bench.state.put("apps", {**bench.other_apps, hooks[0].parent.name: str(folder)})


def folders(bench):
	"""The apps besides Frappe, by name, in the order in which they are installed: ours last."""
	ours = {APP: str(bench.paths.root)} if bench.has_app else {}
	return {**bench.other_apps, **ours}


def install_packages(bench):
	"""Make every app importable by the bench's Python, its dependencies with it."""
	for name, folder in folders(bench).items():
		_link(bench.paths.apps / name, folder)
		wanted = fingerprint(folder, bench.state.get("python"), *_files(Path(folder), "pyproject.toml"))
		if bench.marks.done(f"package-{name}", wanted):
			continue
		with step(f"Installing the app {name} and its dependencies"):
			bench.installer.install_project(bench.paths.env, folder, name, f"Installing {name}")
			bench.marks.set(f"package-{name}", wanted)
	bench.marks.set("apps", " ".join(folders(bench)))


def _link(link, folder):
	if not link.is_symlink() or os.readlink(link) != folder:
		link.unlink(missing_ok=True)
		link.symlink_to(folder)


def install_on(bench, site):
	"""Install the apps on a site, or migrate it when their schema has changed."""
	apps = folders(bench)
	list_apps(bench)
	for name, folder in apps.items():
		wanted = schema_fingerprint(Path(folder) / name)
		mark = f"{name}-on-{site}"
		if bench.marks.done(mark, wanted):
			continue
		if bench.marks.done(f"{mark}-installed"):
			with step(f"Migrating {site}"):
				frappe(
					bench.paths, "--site", site, "migrate", "--skip-search-index", what=f"Migrating {site}"
				)
		else:
			with step(f"Installing {name} on {site}"):
				_install(bench, name, site, mark)
		bench.marks.set(mark, wanted)


def list_apps(bench):
	"""Write the list of apps; where it has changed, Redis forgets the modules of the old one."""
	listed = ["frappe", *folders(bench)]
	if list_apps_in_order(bench.paths, listed):
		# Frappe 16 asks Redis which app a module is of, and for one of a new app fails.
		for cache in bench.caches[:1]:
			flush(cache)


def _install(bench, name, site, mark):
	options = ["--force"] if bench.marks.done(f"{mark}-begun") else []
	bench.marks.set(f"{mark}-begun")
	frappe(bench.paths, "--site", site, "install-app", name, *options, what=f"Installing {name} on {site}")
	bench.marks.set(f"{mark}-installed")


def copy_marks(bench, source, target):
	"""Note for a site cloned from `source` what was done there."""
	for mark in bench.marks.folder.glob(f"*-on-{source}*"):
		bench.marks.set(mark.name.replace(source, target), mark.read_text())


def schema_fingerprint(package):
	"""Changes when anything that a migration reads does."""
	return fingerprint(
		str(package), *_files(package, "hooks.py", "patches.txt", "modules.txt", "custom_fields.py", *SCHEMA)
	)


def _files(folder, *patterns):
	return sorted({path for pattern in patterns for path in folder.glob(pattern)})
