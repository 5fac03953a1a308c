"""The parent's side of a child: starts it with the first order, keeps it, ends it where it takes too much.

One child a process, which its threads share. It ends with its parent, since its pipe does, and after
IDLE_SECONDS without an order. A process that was forked has its own one.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from select import POLLIN, POLLOUT, poll
from signal import SIGXCPU
from threading import Lock, Timer
from time import monotonic
from typing import Any

from email_campaigns.message.child.bounds import CPU_SECONDS
from email_campaigns.message.child.frames import LENGTH, Message, pack, unpack
from email_campaigns.text import SentenceError, _lt

SECONDS = 15  # for one order, and as long for its turn
IDLE_SECONDS = 300
CHUNK = 2**16
ROOT = Path(__file__).resolve().parents[3]
# What Python and its libraries need to start; a site's secrets may be in the others.
VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
TOO_LONG = _lt("it takes more than {0} seconds")
TOO_LARGE = _lt("it takes too much memory, or stops the program that reads it")
BUSY = _lt("the server is busy with other templates; please try again")
Functions = Mapping[str, Callable[[str], object]]


class Ended(SentenceError):
	"""The child took too long or died. The sentence is a clause; `trace` is for the administrator, or ""."""

	def __init__(self, text: str, *values: object, trace: str = ""):
		super().__init__(text, *values)
		self.trace = trace


class Keeper:
	"""Keeps one child for the threads of one process."""

	def __init__(self) -> None:
		self._reset()

	def _reset(self) -> None:
		self._lock = Lock()
		self._process: subprocess.Popen[bytes] | None = None
		self._timer: Timer | None = None

	def order(self, order: Message, functions: Functions, seconds: float = SECONDS) -> Message:
		"""Return the child's answer. It may ask for what `functions` return. Raises Ended."""
		if not self._lock.acquire(timeout=seconds):
			raise Ended(BUSY)
		try:
			return self._talk(order, functions, monotonic() + seconds)
		except BaseException:
			self._end()  # whatever happened, what it writes next may be half of an answer
			raise
		finally:
			self._lock.release()

	def _talk(self, order: Message, functions: Functions, deadline: float) -> Message:
		pipe = _Pipe(self._child(), deadline)
		try:
			pipe.write(pack(order))
			while "ask" in (answer := unpack(pipe.read())):
				pipe.write(pack(_reply(answer, functions)))
			return answer
		except _Late:
			raise Ended(TOO_LONG, SECONDS) from None
		except _Broken:
			raise self._end_of(pipe.process) from None

	def _child(self) -> subprocess.Popen[bytes]:
		if self._timer:
			self._timer.cancel()
		if not self._process or self._process.poll() is not None:
			self._end()
			self._process = _start()
		self._timer = Timer(IDLE_SECONDS, self.close)
		self._timer.daemon = True
		self._timer.start()
		return self._process

	def _end_of(self, process: subprocess.Popen[bytes]) -> Ended:
		status = process.wait(timeout=SECONDS)
		if status == -SIGXCPU:
			return Ended(TOO_LONG, CPU_SECONDS)
		return Ended(TOO_LARGE, trace=f"The process that reads templates ended with the status {status}.")

	def _end(self) -> None:
		process, self._process = self._process, None
		if not process:
			return
		process.kill()
		for pipe in (process.stdin, process.stdout):
			if pipe:
				pipe.close()
		process.wait()

	def close(self) -> None:
		"""End the child, unless it is at work."""
		if self._lock.acquire(blocking=False):
			try:
				self._end()
			finally:
				self._lock.release()

	def forget(self) -> None:
		"""Leave the child to the process that this one was forked from."""
		process = self._process
		self._reset()  # the lock may be held by a thread that is not here
		if process:
			process.returncode = 0  # nobody here waits for it
			for pipe in (process.stdin, process.stdout):
				if pipe:
					pipe.close()


class _Late(Exception):
	"""The deadline has passed."""


class _Broken(Exception):
	"""There is nobody at the other end of a pipe."""


class _Pipe:
	"""Both pipes to a child, until a deadline (time.monotonic). Raises _Late, _Broken."""

	def __init__(self, process: subprocess.Popen[bytes], deadline: float):
		self.process, self._deadline = process, deadline

	def write(self, data: bytes) -> None:
		rest = memoryview(data)
		while rest:
			number = self._ready(self.process.stdin, POLLOUT)
			try:
				rest = rest[os.write(number, rest[:CHUNK]) :]
			except OSError:
				raise _Broken from None

	def read(self) -> bytes:
		(length,) = LENGTH.unpack(self._read(LENGTH.size))
		return self._read(length)

	def _read(self, length: int) -> bytes:
		data = bytearray()
		while len(data) < length:
			part = os.read(self._ready(self.process.stdout, POLLIN), length - len(data))
			if not part:
				raise _Broken
			data += part
		return bytes(data)

	def _ready(self, pipe: Any, event: int) -> int:
		waiting, number = poll(), pipe.fileno()
		waiting.register(number, event)
		if not waiting.poll(max(0, self._deadline - monotonic()) * 1000):
			raise _Late
		return int(number)


def _reply(question: Message, functions: Functions) -> Message:
	try:
		return {"value": functions[question["ask"]](question["text"])}
	except (KeyError, TypeError):
		return {}


def _start() -> subprocess.Popen[bytes]:
	process = subprocess.Popen(
		[_python(), "-m", "email_campaigns.message.child"],
		stdin=subprocess.PIPE,
		stdout=subprocess.PIPE,
		bufsize=0,
		cwd=ROOT,
		env={name: os.environ[name] for name in VARIABLES if name in os.environ},
	)
	os.set_blocking(process.stdin.fileno(), False)  # type: ignore[union-attr]  # it is a pipe
	return process


def _python() -> str:
	# A web server that has Python built in is not Python itself.
	if "python" in Path(sys.executable or "").name:
		return sys.executable
	return str(Path(sys.prefix, "bin", "python3"))


KEEPER = Keeper()
atexit.register(KEEPER.close)
if hasattr(os, "register_at_fork"):
	os.register_at_fork(after_in_child=KEEPER.forget)
