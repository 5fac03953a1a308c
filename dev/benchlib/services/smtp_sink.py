"""Postfix's smtp-sink and smtp-source, without Postfix: unpacked from its package, never installed."""

import shutil
from pathlib import Path

from ..core.errors import BenchError
from ..core.say import step
from ..core.state import write_atomically
from .system_packages import find, library_path, unpack_libraries, unpacked

PROGRAMS = ("smtp-sink", "smtp-source")


def ensure(bench):
	"""Put both programs into the bench's bin folder, which is on its programs' PATH; raises BenchError."""
	missing = [name for name in PROGRAMS if not find(name) and not _is_whole(bench, name)]
	if not missing:
		return
	if not shutil.which("apt-get"):
		raise BenchError("postfix's smtp-sink is missing. Install postfix, then run this again.")
	with step("Fetching postfix's smtp-sink"):
		unpack_libraries(("postfix",), bench.paths.debian, bench.setup_log)
		for name in missing:
			_wrap(bench, name, Path(unpacked("postfix", name, bench.paths.debian, bench.setup_log)))


def _is_whole(bench, name):
	"""Whether the script is there, and the unpacked program that it runs."""
	unpacked_program = next(bench.paths.debian.rglob(name), None)
	return bool(unpacked_program) and (bench.paths.bin / name).exists()


def _wrap(bench, name, program):
	"""A script that runs the unpacked program with the libraries that lie beside it."""
	libraries = library_path(program.parents[1] / "lib" / "postfix", bench.paths.debian)
	script = bench.paths.bin / name
	write_atomically(script, f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n')
	script.chmod(0o755)
