"""The search for a Python that the chosen Frappe runs on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ..core.errors import BenchError

VERSIONS = ("3.11", "3.10", "3.12", "3.13", "3.14")
REQUIRED_BY_PYPI_TREE = ">=3.10,<3.12"


def version_of(executable):
	"""(major, minor) of a Python executable; None when it does not run."""
	code = "import sys; print(*sys.version_info[:2])"
	try:
		done = subprocess.run([executable, "-c", code], capture_output=True, text=True, timeout=30)
		major, minor = done.stdout.split()
		return int(major), int(minor)
	except (OSError, ValueError, subprocess.TimeoutExpired):
		return None


def allows(required, version):
	"""Whether a `requires-python` such as '>=3.10,<3.14' allows this (major, minor)."""
	for clause in required.split(","):
		operator, numbers = re.match(r"\s*(>=|<=|==|~=|<|>|!=)?\s*([\d.]+)", clause).groups()
		bound = tuple(int(n) for n in numbers.strip(".").split("."))[:2]
		if not _holds(operator or ">=", version, bound):
			return False
	return True


def _holds(operator, version, bound):
	return {
		">=": version >= bound,
		"~=": version >= bound and version[0] == bound[0],
		"<=": version <= bound,
		"==": version == bound,
		"!=": version != bound,
		"<": version < bound,
		">": version > bound,
	}[operator]


def candidates():
	"""Executables worth trying, the likeliest first."""
	yield sys.executable
	for version in VERSIONS:
		executable = shutil.which(f"python{version}")
		if executable:
			yield executable
	root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
	for version in VERSIONS:
		yield from (str(path) for path in sorted(root.glob(f"versions/{version}*/bin/python"), reverse=True))
	yield "/usr/bin/python3"


def find(required, asked=None):
	"""The executable to use: the one asked for, or the first that `required` allows; raises BenchError."""
	if asked:
		return _check(asked, required)
	for executable in candidates():
		version = version_of(executable)
		if version and allows(required, version):
			return executable
	raise BenchError(
		f"This Frappe needs Python {required}, and none of that version was found. "
		"Install one and name it: dev/bench setup --python /path/to/python."
	)


def _check(asked, required):
	executable = shutil.which(asked)
	version = executable and version_of(executable)
	if not version:
		raise BenchError(f"{asked} is no Python that runs.")
	if not allows(required, version):
		number = ".".join(map(str, version))
		raise BenchError(f"This Frappe needs Python {required}; {asked} is Python {number}.")
	return executable
