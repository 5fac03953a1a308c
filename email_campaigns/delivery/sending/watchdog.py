"""A watch on the making of mails, by a process beside the job's: no thread can end what another one does.

The job counts in shared memory when it begins and ends a mail, which takes a fraction of a microsecond. Where
one mail takes too much time of the processor, the watcher ends the job and runs a command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from mmap import mmap
from tempfile import TemporaryFile
from typing import TypeVar

SIZE = 8  # bytes of the counter
T = TypeVar("T")


class Watchdog:
	"""Watches this process until `close`: no step of its work may take `seconds` of the processor.

	It is ended by SIGKILL otherwise, and `command`, a program with its arguments, runs then. Where the system
	has no room for another process, the work goes on without a watch.
	"""

	def __init__(self, command: Sequence[str], seconds: float):
		with TemporaryFile() as file:
			file.truncate(SIZE)
			self._count = memoryview(mmap(file.fileno(), SIZE)).cast("Q")  # odd while a step is under way
			self._process = _start(file.fileno(), command, seconds)

	def each(self, things: Iterable[T]) -> Iterator[T]:
		"""Yield the things; to make each of them is a step."""
		making, count = iter(things), self._count
		while True:
			count[0] += 1
			try:
				thing = next(making)
			except StopIteration:
				return
			finally:
				count[0] += 1
			yield thing

	@contextmanager
	def step(self) -> Iterator[None]:
		"""Take the block for one step."""
		self._count[0] += 1
		try:
			yield
		finally:
			self._count[0] += 1

	def close(self) -> None:
		"""End the watch."""
		if self._process and self._process.stdin:
			self._process.kill()
			self._process.stdin.close()
			self._process.wait()
			self._process = None


def _start(memory: int, command: Sequence[str], seconds: float) -> subprocess.Popen[bytes] | None:
	arguments = json.dumps(
		{"memory": memory, "job": os.getpid(), "seconds": seconds, "command": list(command)}
	)
	program = [sys.executable, "-m", "email_campaigns.delivery.sending.watcher", arguments]
	try:
		return subprocess.Popen(program, stdin=subprocess.PIPE, pass_fds=[memory])
	except OSError:
		return None
