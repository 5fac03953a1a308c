"""libfaketime, which gives a program a wrong clock: unpacked from its package, never installed."""

import shutil
from pathlib import Path

from ..core.say import step
from .system_packages import unpack

LIBRARY = "usr/lib/*/faketime/libfaketimeMT.so.1"


def library(bench):
	"""Path of the library, fetched once; "" where there is neither one nor apt-get to fetch it."""
	there = next(iter([*Path("/").glob(LIBRARY), *bench.paths.debian.glob(f"libfaketime/{LIBRARY}")]), None)
	if there or not shutil.which("apt-get"):
		return str(there or "")
	with step("Fetching libfaketime"):
		return str(unpack("libfaketime", LIBRARY, bench.paths.debian, bench.setup_log))
