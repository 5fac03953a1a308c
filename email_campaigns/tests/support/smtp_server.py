"""An SMTP server that follows a script: the other side of every test of the hand-over.

	script = {
		"rcpt": {"bad@example.org": "550 5.1.1 No such user", "slow@example.org": Slow(0.2, ACCEPT)},
		"content": {3: DROP, "full@example.org": ["452 4.2.2 Mailbox full", ACCEPT]},
	}
	with ScriptedServer(script, features=("PIPELINING", "8BITMIME")) as server:
		smtp = smtplib.SMTP(server.host, server.port)
		…
		assert [mail.recipients for mail in server.messages] == [("good@example.org",)]

A script maps stages to answers. The stages are `banner`, `ehlo`, `auth`, `mail`, `rcpt`, `data`, `content`
(what follows the final dot), `rset` and `quit`. An answer holds for every mail, or a dict chooses by
recipient (`rcpt`, `data`, `content`), sender (`mail`) or user (`auth`), or by the number of the mail: 1 is
the first MAIL command that the server sees, over all connections. A list gives one
answer a time; after its end the server accepts. An answer is

- ACCEPT: the reply of a server without a script;
- a str: this reply; several lines for a multiline reply. A reply of 421 closes the connection after it;
- bytes: sent unchanged;
- DROP, RESET (close by FIN or by RST) or HANG (say nothing more); at `content` the server has read the mail
  to its final dot and discards it. KEEP_AND_DROP, KEEP_AND_RESET, KEEP_AND_HANG accept it, and the answer is
  lost;
- DROP_IN_BODY, RESET_IN_BODY, HANG_IN_BODY (`content`): after the first bytes of the body, without reading
  on; drop_in_body(reply) sends a reply first;
- Slow(seconds, answer).

`ScriptedServer(tls=context)` speaks TLS from the first byte, `starttls=context` offers STARTTLS,
`logins={"user": "password"}` demands a login (PLAIN or LOGIN). As a program it is a mail server for
demonstrations:

	python -m email_campaigns.tests.support.smtp_server --port 2525 --maildir /path/to/maildir
"""

import argparse
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from email_campaigns.tests.support.smtp_script import (
	ACCEPT,
	DROP,
	DROP_IN_BODY,
	HANG,
	HANG_IN_BODY,
	KEEP_AND_DROP,
	KEEP_AND_HANG,
	KEEP_AND_RESET,
	RESET,
	RESET_IN_BODY,
	Received,
	Script,
	Slow,
	drop_in_body,
)
from email_campaigns.tests.support.smtp_talk import Over, Talk

__all__ = [
	"ACCEPT",
	"DROP",
	"DROP_IN_BODY",
	"HANG",
	"HANG_IN_BODY",
	"KEEP_AND_DROP",
	"KEEP_AND_HANG",
	"KEEP_AND_RESET",
	"RESET",
	"RESET_IN_BODY",
	"Maildir",
	"Received",
	"ScriptedServer",
	"Slow",
	"drop_in_body",
]
FEATURES = ("PIPELINING", "8BITMIME", "SMTPUTF8")


class ScriptedServer:
	"""Listens on a free port of 127.0.0.1 (or `port`), with a thread for each connection; a context manager.

	A connection takes `most` mails, 0 for any number, and refuses the others with 452.

	`deliver` takes each accepted mail instead of `messages`; the server answers its OSError with 451.
	"""

	def __init__(  # noqa: PLR0913 -- the options of a server, by name
		self,
		script: dict[str, object] | None = None,
		features: Iterable[str] = FEATURES,
		*,
		port: int = 0,
		tls: ssl.SSLContext | None = None,
		starttls: ssl.SSLContext | None = None,
		logins: dict[str, str] | None = None,
		deliver: Callable[[Received], object] | None = None,
		most: int = 0,
	):
		self.script = Script(script or {})
		self.features, self.tls, self.starttls, self.logins = tuple(features), tls, starttls, logins
		self.most = most
		self.host, self.port = "127.0.0.1", port
		self.commands: deque[str] = deque(maxlen=10_000)  # as they arrived, for assertions about the dialogue
		self.violations: deque[str] = deque(maxlen=100)  # commands pipelined without leave
		self.connections = 0
		self.stopping = threading.Event()
		self._accepted: list[Received] = []
		self._deliver = deliver or self._accepted.append
		self._lock = threading.Lock()
		self._numbers = count(1)
		self._talks: dict[threading.Thread, Talk] = {}

	@property
	def messages(self) -> list[Received]:
		"""The mails accepted so far, in the order of acceptance."""
		with self._lock:
			return list(self._accepted)

	def start(self) -> "ScriptedServer":
		"""Begin to listen; `port` is known afterwards. Raises OSError when the port is taken."""
		self._listener = socket.create_server((self.host, self.port), backlog=128)
		self.port = self._listener.getsockname()[1]
		self._acceptor = threading.Thread(target=self._accept, daemon=True)
		self._acceptor.start()
		return self

	def stop(self) -> None:
		"""Close every connection and wait until the last thread has ended."""
		self.stopping.set()
		_wake(self._listener)
		self._acceptor.join(5)
		self._listener.close()
		for thread, talk in list(self._talks.items()):
			_wake(talk.wire)
			thread.join(5)

	def __enter__(self) -> "ScriptedServer":
		return self.start()

	def __exit__(self, *exception: object) -> None:
		self.stop()

	def keep(self, mail: Received) -> bool:
		"""Store a mail; tell whether that succeeded."""
		with self._lock:
			try:
				self._deliver(mail)
			except OSError as error:
				print(f"A mail could not be stored: {error}", file=sys.stderr)
				return False
		return True

	def next_number(self) -> int:
		"""Return the number of the next mail over all connections, from 1."""
		with self._lock:
			return next(self._numbers)

	def _accept(self) -> None:
		while not self.stopping.is_set():
			try:
				connection, _address = self._listener.accept()
			except OSError:
				return
			connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
			self.connections += 1
			talk = Talk(self, connection)
			thread = threading.Thread(target=self._run, args=(talk,), daemon=True)
			self._talks[thread] = talk
			thread.start()

	def _run(self, talk: Talk) -> None:
		with suppress(OSError, Over):
			talk.run()
		self._talks.pop(threading.current_thread(), None)
		talk.wire.close()


class Maildir:
	"""Stores each mail as a file in `folder`/new, where it appears whole or not at all."""

	def __init__(self, folder: Path):
		self.folder = folder
		self._numbers, self._host = count(1), socket.gethostname()
		for part in ("tmp", "new", "cur"):
			(folder / part).mkdir(parents=True, exist_ok=True)

	def add(self, mail: Received) -> None:
		"""Write the mail with its envelope as headers and LF line ends. Raises OSError."""
		recipients = "".join(f"Delivered-To: {recipient}\n" for recipient in mail.recipients)
		name = f"{time.time():.6f}.{os.getpid()}_{next(self._numbers)}.{self._host}"
		envelope = f"Return-Path: <{mail.sender}>\n{recipients}".encode()
		with open(f"{self.folder}/tmp/{name}", "xb", buffering=0) as file:
			file.write(envelope + mail.content.replace(b"\r\n", b"\n"))
		os.rename(f"{self.folder}/tmp/{name}", f"{self.folder}/new/{name}")


def _wake(end: socket.socket) -> None:
	with suppress(OSError):
		end.shutdown(socket.SHUT_RDWR)


def main() -> None:
	"""Run as a mail server until SIGTERM or SIGINT."""
	parser = argparse.ArgumentParser(description="Takes mail over SMTP and puts each into a Maildir.")
	parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
	parser.add_argument(
		"--maildir", type=Path, required=True, help="folder for the mails, made if it is missing"
	)
	options = parser.parse_args()
	server = ScriptedServer(port=options.port, deliver=Maildir(options.maildir).add)
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: server.stopping.set())
	try:
		server.start()
	except OSError as error:
		raise SystemExit(f"Cannot listen on {server.host}:{server.port}: {error}") from None
	print(f"Listening on {server.host}:{server.port}", flush=True)
	server.stopping.wait()
	server.stop()


if __name__ == "__main__":
	main()
