"""Frappe's own command line, run with the bench's Python in the bench's sites folder."""

import os
import subprocess

from ..core.shell import run
from .config import DEMO_SITE, TEST_SITE, queue_of


def environment(paths, site=DEMO_SITE):
	"""Environment of every program that runs Frappe's code."""
	env = {**os.environ, "PATH": f"{paths.env / 'bin'}:{paths.bin}:{os.environ.get('PATH', '')}:/usr/sbin"}
	env.pop("PYTHONPATH", None)
	env["FRAPPE_BENCH_ROOT"] = str(paths.bench)
	env["BENCH_SITE"] = site
	# One of Frappe's dependencies imports it still; the bench has a setuptools that holds it.
	env.setdefault("PYTHONWARNINGS", "ignore:pkg_resources is deprecated")
	if site != DEMO_SITE:
		env["FRAPPE_REDIS_QUEUE"] = queue_of(paths, site)
	return env


def command_line(paths, *arguments):
	"""The argument list that runs one of Frappe's commands."""
	return [str(paths.python), "-m", "frappe.utils.bench_helper", "frappe", *map(str, arguments)]


def frappe(paths, *arguments, what, log="frappe"):
	"""Run a command with its output in a log; raises BenchError naming `what`."""
	run(
		command_line(paths, *arguments),
		paths.logs / f"{log}.log",
		what,
		cwd=paths.sites,
		env=environment(paths),
	)


def frappe_in_terminal(paths, arguments):
	"""Run a command with this terminal as its input and output; returns its exit code."""
	site = TEST_SITE if TEST_SITE in arguments else DEMO_SITE
	env = environment(paths, site)
	return subprocess.run(command_line(paths, *arguments), cwd=paths.sites, env=env).returncode
