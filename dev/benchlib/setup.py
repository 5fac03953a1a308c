"""The steps from nothing to a bench with sites; each leaves a mark when done and is skipped then."""

from pathlib import Path

from .core.errors import BenchError
from .core.graph import run_steps
from .core.lock import bench_lock
from .core.say import step
from .frontend import build as frontend
from .frontend import packages
from .services import system_packages
from .site import apps
from .site.config import (
	DEMO_SITE,
	TEST_SITE,
	list_apps_in_order,
	update_site_config,
	write_host_names,
)
from .site.create import clone, dump, finish_setup, new_site
from .source import frappe_tree, interpreter


def setup(bench, frappe=None, python=None, app=None):
	"""Make the bench whole for these choices; what is done already costs nothing. Raises BenchError."""
	bench.paths.make()
	with bench_lock(bench.paths):
		choose_sources(bench, frappe, python)
		if app:
			apps.add(bench, app)
		run_steps(_steps(bench))
		write_host_names(bench.paths, bench.state)


def is_usable(bench):
	"""Whether there is a site, so that Frappe's commands run, whatever state the apps are in."""
	return bench.marks.done("demo-site")


def choose_sources(bench, frappe, python):
	"""Remember Frappe and Python for the bench, or raise BenchError where they do not fit."""
	chosen = bench.state.get("frappe")
	if frappe and Path(frappe).is_dir():
		frappe = str(Path(frappe).resolve())
	if frappe:
		frappe_tree.parse(frappe)
	if frappe and chosen and frappe != chosen:
		raise BenchError(
			f"This bench was made with Frappe from {chosen}. Run dev/bench destroy before another."
		)
	bench.state.put("frappe", frappe or chosen or "pypi")
	required = frappe_tree.required_python(bench.paths, bench.state.get("frappe"))
	known = bench.state.get("python")
	if python or not known or not interpreter.version_of(known):
		bench.state.put("python", interpreter.find(required, python))
	system_packages.ensure(system_packages.FOR_SETUP, bench.setup_log)


def source_steps(bench):
	"""The steps to running data services and an environment with Frappe, for `run_steps`."""
	return {
		"tools": (bench.installer.prepare, []),
		"data": (bench.start_data_services, []),
		"tree": (lambda: _tree(bench), ["tools"]),
		"env": (lambda: _environment(bench), ["tree"]),
	}


def _steps(bench):
	return {
		**source_steps(bench),
		"demo site": (lambda: _demo_site(bench), ["env", "data"]),
		"apps": (lambda: apps.install_packages(bench), ["env"]),
		"demo apps": (lambda: apps.install_on(bench, DEMO_SITE), ["demo site", "apps"]),
		"test site": (lambda: _test_site(bench), ["demo apps"]),
		"npm packages": (lambda: packages.install(bench), ["tree"]),
		"assets": (lambda: frontend.build(bench), ["npm packages", "data"]),
		"test apps": (lambda: apps.install_on(bench, TEST_SITE), ["test site"]),
	}


def _tree(bench):
	spec = bench.state.get("frappe")
	if bench.marks.done("tree", spec) and (bench.paths.frappe / "frappe" / "hooks.py").exists():
		return
	with step(f"Fetching Frappe ({spec})"):
		frappe_tree.place(bench.paths, spec, bench.installer.tool_python, bench.setup_log)
		bench.marks.set("tree", spec)
	version = interpreter.version_of(bench.state.get("python"))
	required = frappe_tree.required_python(bench.paths, spec)
	if not interpreter.allows(required, version):
		bench.state.put("python", interpreter.find(required))


def _environment(bench):
	python = bench.state.get("python")
	if not (bench.marks.done("env", python) and bench.paths.python.exists()):
		with step(f"Making a virtual environment with {python}"):
			bench.installer.venv(bench.paths.env)
			bench.marks.set("env", python)
			bench.marks.clear("dependencies")
	wanted = frappe_tree.dependencies_fingerprint(bench.paths)
	if not bench.marks.done("dependencies", wanted):
		with step("Installing Frappe's dependencies"):
			frappe_tree.install_dependencies(bench.paths, bench.installer)
			bench.marks.set("dependencies", wanted)


def _demo_site(bench):
	if bench.marks.done("demo-site"):
		return
	list_apps_in_order(bench.paths, ["frappe"])
	with step(f"Making the site {DEMO_SITE}"):
		new_site(bench.paths, bench.mariadb, DEMO_SITE)
		dump(bench.paths, bench.mariadb, DEMO_SITE, bench.paths.new_site)
		finish_setup(bench.paths, DEMO_SITE)
		bench.marks.set("demo-site")


def _test_site(bench):
	if bench.marks.done("test-site"):
		return
	with step(f"Cloning it as {TEST_SITE}"):
		clone(bench.paths, bench.mariadb, DEMO_SITE, TEST_SITE)
		update_site_config(bench.paths, TEST_SITE, allow_tests=True, disable_scheduler=1)
		apps.copy_marks(bench, DEMO_SITE, TEST_SITE)
		bench.marks.set("test-site")
