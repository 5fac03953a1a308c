"""One setup at a time: a lock on the bench that ends with the process that holds it."""

import fcntl
from contextlib import contextmanager

from .errors import BenchError
from .processes import wait_until
from .say import say


@contextmanager
def bench_lock(paths, seconds=1200):
	"""Hold the bench's lock; waits for another command that holds it, at most `seconds`."""
	paths.bench.mkdir(parents=True, exist_ok=True)
	with open(paths.bench / "lock", "w") as handle:
		if not _taken(handle):
			say("Another dev/bench command is setting up this bench; waiting for it …")
			if not wait_until(lambda: _taken(handle), seconds, pause=0.5):
				raise BenchError("Another dev/bench command has held this bench for too long.")
		yield


def _taken(handle):
	try:
		fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
	except BlockingIOError:
		return False
	return True
