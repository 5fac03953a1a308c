"""What the system lets a child have: time of the processor, memory, and no files.

A platform without the module `resource` has no such limits; the parent's clock ends a child there too.
"""

from pathlib import Path

try:
	import resource
except ImportError:  # Windows
	resource = None  # type: ignore[assignment]

CPU_SECONDS = 5  # of the processor for one order
MEMORY = 300 * 2**20  # bytes beyond those that it has at its start


def restrict() -> None:
	"""Limit this process for the rest of its life."""
	if resource:
		_lower(resource.RLIMIT_AS, _size() + MEMORY)
		_lower(resource.RLIMIT_CORE, 0)
		_lower(resource.RLIMIT_FSIZE, 0)


def allow_time() -> None:
	"""Let the system end this process after CPU_SECONDS more."""
	if resource:
		used = resource.getrusage(resource.RUSAGE_SELF)
		soft = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
		resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _lower(kind: int, limit: int) -> None:
	hard = resource.getrlimit(kind)[1]
	limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
	resource.setrlimit(kind, (limit, limit))


def _size() -> int:
	"""Return the bytes of this process's address space, as RLIMIT_AS counts them."""
	try:
		pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
	except OSError:  # no Linux
		return 2**30
	return pages * resource.getpagesize()
