"""Progress for the person who waits: one line a step, written at once."""

import sys
import threading
import time
from contextlib import contextmanager

_lock = threading.Lock()


def say(text):
	"""Print one line to stderr, so that a command's own output stays clean."""
	with _lock:
		print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text):
	"""Announce a step, and how long it took once it is done."""
	say(f"==> {text} …")
	began = time.monotonic()
	yield
	say(f"    {text}: done in {time.monotonic() - began:.1f} s")
