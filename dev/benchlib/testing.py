"""Runs of the tests: pure code without a bench, all others on the test site, or on one site for each core."""

import argparse
import json
import os
import subprocess
from pathlib import Path

from . import clones
from . import setup as steps
from .core.paths import APP
from .core.say import step
from .core.state import fingerprint
from .services import smtp_sink, system_packages
from .site.config import TEST_SITE
from .site.frappe_command import environment
from .source import interpreter
from .source.environment import Installer

PARTS = {
	"unit": ("dev/tests", "email_campaigns/tests/unit"),
	"site": ("email_campaigns/tests/site",),
	"browser": ("email_campaigns/tests/browser",),
}
PYTEST = [
	"pytest>=8",
	"hypothesis>=6.100",
	"babel>=2.13",
	"tree-sitter>=0.23",
	"tree-sitter-javascript>=0.23",
	"html5lib>=1.1",
]
SIDE_BY_SIDE = ["pytest-xdist>=3.6"]
BROWSER_DRIVER = ["playwright>=1.40"]
# A file is what one site does in a go, in the order that tests/conftest.py gives.
BY_FILES = ["--dist", "loadfile", "--no-loadscope-reorder"]
# Options of pytest's that need the terminal, which only a single process has.
ALONE = ("--pdb", "--trace", "-s", "--capture=no")
MOST = 8  # processes; Redis has databases for 14 sites, and a site takes half a gigabyte of memory
# Frappe's own dependencies deprecate much; it is not this app's to mend.
QUIET = [
	"-W",
	"ignore::DeprecationWarning",
	"-W",
	"ignore::FutureWarning",
	"-W",
	"ignore:pkg_resources:UserWarning",
]


def test(bench, arguments):
	"""Run one part of the tests, or all in one pytest; returns pytest's exit code.

	`arguments` are the part's name, if any, then pytest's own; paths among them replace the part's.
	"""
	part = arguments[0] if arguments and arguments[0] in PARTS else None
	options = arguments[1:] if part else arguments
	if part == "unit":
		return _unit(bench, options)
	return _on_sites(bench, [part] if part else list(PARTS), options)


def _unit(bench, options):
	python = unit_environment(bench)
	return _pytest(bench, python, ["unit"], options, {**os.environ})


def unit_environment(bench):
	"""Return the Python of the unit tests' environment, which needs no Frappe; make it if missing."""
	paths = bench.paths
	paths.make()
	executable = bench.state.get("python") or interpreter.find(">=3.10")
	python = paths.unit_env / "bin" / "python"
	wanted = fingerprint(executable, paths.root / "pyproject.toml", *PYTEST)
	if not (bench.marks.done("unit-env", wanted) and python.exists()):
		with step("Making a virtual environment for the unit tests"):
			installer = Installer(paths, executable, paths.logs / "unit-env.log")
			installer.prepare()
			installer.venv(paths.unit_env)
			installer.install(paths.unit_env, PYTEST, "Installing pytest")
			installer.install_project(paths.unit_env, paths.root, APP, "Installing the app's dependencies")
			bench.marks.set("unit-env", wanted)
	return python


def _on_sites(bench, parts, options):
	if "browser" in parts:
		system_packages.ensure(system_packages.FOR_BROWSER, bench.setup_log)
	steps.setup(bench)
	install_packages(bench)
	smtp_sink.ensure(bench)
	number, options = processes(options, named=bool(_named(bench, options)))
	with clones.running(bench, number) as environments:
		env = {
			**environment(bench.paths, TEST_SITE),
			**environments[0],
			"BENCH_WORKERS": json.dumps(environments),
		}
		side_by_side = ["-n", str(number), *BY_FILES] if number > 1 else []
		return _pytest(bench, bench.paths.python, parts, [*QUIET, *side_by_side, *options], env)


def processes(options, named=False, cores=None):
	"""Return (the number of pytest's processes that the user's options mean, the options without it).

	`-n NUMBER` gives the number, `-n auto` means one for each core. Without either it is one for tests that
	are `named` or need the terminal, and one for each core for all others.
	"""
	parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
	parser.add_argument("-n", "--numprocesses")
	asked, rest = parser.parse_known_args(options)
	if asked.numprocesses and asked.numprocesses.isdigit():
		return min(int(asked.numprocesses), MOST), rest
	if not asked.numprocesses and (named or any(option in ALONE for option in options)):
		return 1, rest
	return min(cores or os.cpu_count() or 1, MOST), rest


def install_packages(bench):
	"""Install into the bench's Python what the tests import."""
	packages = [*PYTEST, *SIDE_BY_SIDE, *BROWSER_DRIVER]
	wanted = fingerprint(bench.state.get("python"), *packages)
	if not bench.marks.done("test-packages", wanted):
		with step("Installing pytest and the browser's driver"):
			bench.installer.install(bench.paths.env, packages, "Installing the tests' packages")
			bench.marks.set("test-packages", wanted)


def _pytest(bench, python, parts, options, env):
	paths = [] if _named(bench, options) else _paths_of(bench, parts)
	command = [python, "-m", "pytest", "-p", "no:cacheprovider", *paths, *options]
	return subprocess.run(command, cwd=bench.paths.root, env=env).returncode


def _paths_of(bench, parts):
	paths = [path for part in parts for path in PARTS[part]]
	return [path for path in paths if (bench.paths.root / path).is_dir()]


def _named(bench, options):
	return [option for option in options if _is_path(bench, option)]


def _is_path(bench, option):
	name = option.partition("::")[0]
	return not name.startswith("-") and (name.endswith(".py") or Path(bench.paths.root / name).is_dir())
