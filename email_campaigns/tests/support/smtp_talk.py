"""The server's side of one SMTP connection (RFC 5321), as its script says."""

from __future__ import annotations

import base64
import re
import socket
import struct
from typing import TYPE_CHECKING

from email_campaigns.tests.support.smtp_script import Act, Received, Slow

if TYPE_CHECKING:
	from email_campaigns.tests.support.smtp_server import ScriptedServer

PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)
END_OF_MAIL = b"\r\n.\r\n"
CHUNK = 1 << 18


class Over(Exception):
	"""The connection has ended."""


class Talk:
	"""Reads commands and answers them until one side ends the talk. Blocking: one thread each."""

	def __init__(self, server: ScriptedServer, wire: socket.socket):
		self.server, self.wire = server, wire
		self.incoming, self.outgoing = bytearray(), bytearray()
		self.logged_in = False
		self.taken = 0
		self.forget()

	def run(self) -> None:
		"""Answer commands. Raises Over or OSError when the talk is over."""
		if self.server.tls:
			self.wire = self.server.tls.wrap_socket(self.wire, server_side=True)
		self.say("banner", "220 scripted.example ESMTP")
		while True:
			line = self.read_line()
			self.server.commands.append(line)
			verb = line.partition(" ")[0].lower()
			# A client that was not offered PIPELINING must wait for each answer
			if self.incoming and "PIPELINING" not in self.server.features:
				self.server.violations.append(line)
			getattr(self, f"on_{verb}", self.on_unknown)(line)

	def forget(self) -> None:
		self.sender: str | None = None
		self.recipients: list[str] = []
		self.number = 0

	def on_unknown(self, line: str) -> None:
		self.send("500 5.5.2 Command not recognised")

	def on_ehlo(self, line: str) -> None:
		features = [*self.server.features]
		if self.server.starttls and not hasattr(self.wire, "version"):
			features.append("STARTTLS")
		if self.server.logins is not None or "auth" in self.server.script:
			features.append("AUTH PLAIN LOGIN")
		self.say("ehlo", "\n".join(f"250 {word}" for word in ("scripted.example", *features)))

	def on_helo(self, line: str) -> None:
		self.say("ehlo", "250 scripted.example")

	def on_starttls(self, line: str) -> None:
		self.send("220 2.0.0 Go ahead")
		self.flush()
		self.wire = self.server.starttls.wrap_socket(self.wire, server_side=True)

	def on_auth(self, line: str) -> None:
		_auth, method, *initial = line.split(" ")
		parts = [self.decode(*initial) if initial else self.ask("VXNlcm5hbWU6" if method == "LOGIN" else "")]
		if method.upper() == "LOGIN":
			parts.append(self.ask("UGFzc3dvcmQ6"))
		else:
			parts = parts[0].split("\0")[1:]
		user, password = parts
		known = self.server.logins is None or self.server.logins.get(user) == password
		reply = self.say("auth", "235 2.7.0 Welcome" if known else "535 5.7.8 Authentication failed", (user,))
		self.logged_in = reply.startswith("235")

	def on_mail(self, line: str) -> None:
		self.number = self.server.next_number()
		path, default = PATH.search(line), "250 2.1.0 Sender ok"
		if self.server.logins and not self.logged_in:
			default = "530 5.7.0 Authentication required"
		elif self.sender is not None:
			default = "503 5.5.1 Nested MAIL command"
		elif not path:
			default = "501 5.1.7 Bad sender address syntax"
		reply = self.say("mail", self.utf8_checked(line, default), (self.number, path and path[1]))
		if reply.startswith("2"):
			self.sender = path[1] if path else ""

	def on_rcpt(self, line: str) -> None:
		path, default = PATH.search(line), "250 2.1.5 Recipient ok"
		if self.sender is None:
			default = "503 5.5.1 MAIL comes first"
		elif not path:
			default = "501 5.1.3 Bad recipient address syntax"
		elif self.server.most and self.taken >= self.server.most:
			default = "452 4.5.3 Too many mails in this connection"
		reply = self.say("rcpt", self.utf8_checked(line, default), (path and path[1], self.number))
		if reply.startswith("2") and path:
			self.recipients.append(path[1])

	def on_data(self, line: str) -> None:
		default = "354 End data with <CRLF>.<CRLF>" if self.recipients else "554 5.5.1 No valid recipients"
		if self.say("data", default, self.keys()).startswith("354"):
			self.take_content()
			self.forget()

	def on_rset(self, line: str) -> None:
		self.forget()
		self.say("rset", "250 2.0.0 Ok")

	def on_noop(self, line: str) -> None:
		self.send("250 2.0.0 Ok")

	def on_quit(self, line: str) -> None:
		self.say("quit", "221 2.0.0 Bye")
		self.act(Act("drop"))

	def take_content(self) -> None:
		answer = self.server.script.answer("content", self.keys())
		if isinstance(answer, Act) and answer.in_body:
			if not self.incoming:
				self.read_more()
			self.act(answer)
		mail = Received(self.sender or "", tuple(self.recipients), self.read_content())
		self.perform(answer, self.keep(mail, answer))

	def keep(self, mail: Received, answer: object) -> str:
		"""Store the mail if the script's answer accepts it; return the default reply."""
		if not mail.recipients:
			return "554 5.5.1 No valid recipients"
		while isinstance(answer, Slow):
			answer = answer.answer
		accepted = answer.keep if isinstance(answer, Act) else str(answer or "2").lstrip("b'").startswith("2")
		if accepted and not self.server.keep(mail):
			return "451 4.3.0 The mail could not be stored"
		self.taken += accepted
		return "250 2.0.0 Taken"

	def keys(self) -> tuple[object, ...]:
		return (self.number, *self.recipients)

	def utf8_checked(self, line: str, default: str) -> str:
		if line.isascii() or "SMTPUTF8" in self.server.features:
			return default
		return "553 5.6.7 Address not ASCII"

	def ask(self, prompt: str) -> str:
		self.send(f"334 {prompt}")
		return self.decode(self.read_line())

	def decode(self, text: str) -> str:
		return base64.b64decode(text).decode()

	def say(self, stage: str, default: str, keys: tuple[object, ...] = ()) -> str:
		return self.perform(self.server.script.answer(stage, keys), default)

	def perform(self, answer: object, default: str) -> str:
		"""Send a scripted answer and return the reply. Raises Over after a drop, a reset or a hang."""
		if isinstance(answer, Slow):
			self.flush()
			self.server.stopping.wait(answer.seconds)
			return self.perform(answer.answer, default)
		if isinstance(answer, Act):
			self.act(answer)
		if isinstance(answer, bytes):
			self.outgoing += answer
			return answer.decode("latin-1")
		reply = str(answer or default)
		self.send(reply)
		if reply.startswith("421"):
			self.act(Act("drop"))
		return reply

	def act(self, act: Act) -> None:
		if act.reply:
			self.send(act.reply)
		self.flush()
		if act.kind == "hang":
			self.server.stopping.wait()
		elif act.kind == "reset":
			self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		else:
			self.wire.shutdown(socket.SHUT_WR)
		raise Over

	def send(self, reply: str) -> None:
		"""Queue a reply, each line "250 text" or "250-text"; all leave together before the next wait."""
		*lines, last = reply.split("\n")
		for line in lines:
			self.outgoing += f"{line[:3]}-{line[4:]}\r\n".encode()
		self.outgoing += f"{last}\r\n".encode()

	def flush(self) -> None:
		if self.outgoing:
			self.wire.sendall(self.outgoing)
			self.outgoing.clear()

	def read_line(self) -> str:
		while (end := self.incoming.find(b"\r\n")) < 0:
			self.read_more()
		return self.take(end, 2).decode("utf-8", "replace")

	def read_content(self) -> bytes:
		"""Return the body up to its final dot, without the doubled dots (RFC 5321 §4.5.2)."""
		if len(self.incoming) < 3:
			self.read_more()
		if self.incoming.startswith(b".\r\n"):
			return self.take(0, 3)
		start = 0
		while (end := self.incoming.find(END_OF_MAIL, start)) < 0:
			start = max(0, len(self.incoming) - len(END_OF_MAIL))
			self.read_more()
		content = self.take(end + 2, 3).replace(b"\n..", b"\n.")
		return content[1:] if content.startswith(b"..") else content

	def take(self, length: int, end_length: int) -> bytes:
		taken = bytes(self.incoming[:length])
		del self.incoming[: length + end_length]
		return taken

	def read_more(self) -> None:
		self.flush()
		chunk = self.wire.recv(CHUNK)
		if not chunk:
			raise Over
		self.incoming += chunk
