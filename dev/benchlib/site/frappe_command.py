"""Frappe's own command line, run with the bench's Python in the bench's sites folder."""

import os
import subprocess

from ..core.shell import run


def environment(paths):
	"""Environment of every program that runs Frappe's code."""
	env = {**os.environ, "PATH": f"{paths.env / 'bin'}:{paths.bin}:{os.environ.get('PATH', '')}:/usr/sbin"}
	env.pop("PYTHONPATH", None)
	env["FRAPPE_BENCH_ROOT"] = str(paths.bench)
	env["PYTHONDONTWRITEBYTECODE"] = ""
	return env


def command_line(paths, *arguments):
	"""The argument list that runs one of Frappe's commands."""
	return [str(paths.python), "-m", "frappe.utils.bench_helper", "frappe", *map(str, arguments)]


def frappe(paths, *arguments, what, log="frappe"):
	"""Run a command with its output in a log; raises BenchError naming `what`."""
	run(
		command_line(paths, *arguments), paths.logs / f"{log}.log", what,
		cwd=paths.sites, env=environment(paths),
	)


def frappe_in_terminal(paths, arguments):
	"""Run a command with this terminal as its input and output; returns its exit code."""
	return subprocess.run(command_line(paths, *arguments), cwd=paths.sites, env=environment(paths)).returncode
