"""The bytes of an SMTP connection: whole replies in, commands and messages out.

session.py knows their meaning. This file is pure but for the socket. Its errors name a cause in a few words,
marked for translation; session.py puts it into a sentence.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from time import monotonic
from typing import NamedTuple

from email_campaigns.text import _lt

Wait = Callable[..., None]  # as SessionPool.wait: (socket, deadline, to_write=False)

DEFAULT_TIMEOUT = 120.0  # seconds, for a socket that was opened without one: nothing may wait for ever
REPLY_LIMIT = 65536  # bytes; RFC 5321 §4.5.3.1.5 promises 512 a line
_ENDLESS = _lt("the server sent an endless reply")


class Timeouts(NamedTuple):
	"""The seconds that a server may stay silent at each stage (RFC 5321 §4.5.3.2).

	`connect` is for the network alone, `block` for each part of a content that it takes, `content` for its
	answer to the final dot, while its filters look at the mail. Opening a session, `greeting` holds for each
	answer.
	"""

	connect: float = 30
	greeting: float = 300
	mail: float = 300
	rcpt: float = 300
	data: float = 120
	block: float = 180
	content: float = 600

	@classmethod
	def every(cls, seconds: float) -> "Timeouts":
		"""Return the same time for each stage."""
		return cls(*[seconds] * len(cls._fields))


class Channel:
	"""A connected socket and the file that reads it. Its methods raise OSError, EOFError and ValueError.

	`wait` is called before each wait for the network, so that other sessions can work meanwhile. `file` reads
	the same socket.
	"""

	def __init__(self, connection: socket.socket, file: BufferedReader, wait: Wait | None = None):
		self._socket, self._file, self._wait_for = connection, file, wait
		self._buffer, self.timeout = b"", 0.0
		self.limit(connection.gettimeout() or DEFAULT_TIMEOUT)
		with suppress(OSError):  # a socket that is not TCP
			connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

	def limit(self, seconds: float) -> None:
		"""End every later wait after `seconds`."""
		if seconds != self.timeout:
			self.timeout = seconds
			self._socket.settimeout(seconds)

	def write(self, data: bytes, ahead: bytes = b"") -> None:
		"""Write `data`, and `ahead` in the same segment.

		Raises ConnectionAbortedError while a reply is unread. Any other error means that the end of `data`
		was not handed to the network; `maybe_accepted` relies on that. A part of `ahead` that did not leave
		raises nothing here: the wait for its answer fails.
		"""
		if self._buffer:  # taken for the answer to the next command, it could lose or double a mail
			raise ConnectionAbortedError(_lt("the server spoke out of turn"))
		whole = data + ahead
		taken = self._socket.send(whole)
		try:
			while taken < len(whole):
				self._wait(monotonic() + self.timeout, to_write=True)
				taken += self._socket.send(whole[taken:])
		except OSError:
			if taken < len(data):
				raise

	def read(self) -> list[bytes]:
		"""Return the lines of one reply, with their ends. The whole reply must arrive within the timeout."""
		deadline = monotonic() + self.timeout
		lines = [self._read_line(deadline)]
		while lines[-1][3:4] == b"-":
			lines.append(self._read_line(deadline))
			if len(lines) * 4 > REPLY_LIMIT or sum(map(len, lines)) > REPLY_LIMIT:
				raise ValueError(_ENDLESS)
		return lines

	def _read_line(self, deadline: float) -> bytes:
		while (end := self._buffer.find(b"\n") + 1) == 0:
			if monotonic() > deadline:
				raise TimeoutError
			if len(self._buffer) > REPLY_LIMIT:
				raise ValueError(_ENDLESS)
			self._wait(deadline)
			chunk = self._file.read1(REPLY_LIMIT)
			if not chunk:
				raise EOFError(_lt("the server closed the connection"))
			self._buffer += chunk
		line, self._buffer = self._buffer[:end], self._buffer[end:]
		return line

	def _wait(self, deadline: float, *, to_write: bool = False) -> None:
		# Bytes that a TLS connection has decrypted already do not show at its socket
		if self._wait_for and (to_write or not getattr(self._socket, "pending", int)()):
			self._wait_for(self._socket, deadline, to_write=to_write)
