"""One mail at a time over an SMTP session that somebody else opened and logged in.

	session = Session(smtp)                      # smtp: a connected smtplib.SMTP or SMTP_SSL
	session.propose("a@example.org", "b@example.com")
	session.confirm()                            # the server is ready for the body
	session.transmit(content)                    # it has taken responsibility for the mail

Between `confirm` and `transmit` the caller may still change its mind: `abandon`. The three commands of the
envelope leave in one segment where the server offers PIPELINING (RFC 2920), and the body in another, so a
mail costs two round trips. Every wait ends by the socket's timeout. Any exception other than Refused and
ConnectionLost that passes through (a job's time limit, an interrupt) ends the session; out of `transmit` it
leaves open whether the server has taken the mail.
"""

import smtplib
import socket
from contextlib import suppress
from time import monotonic

from email_campaigns.delivery.replies import ConnectionLost, Refused, Reply, parse, reply_of
from email_campaigns.delivery.wire import mailbox, quote

__all__ = ["ConnectionLost", "Refused", "Reply", "Session", "explain"]

DEFAULT_TIMEOUT = 120.0  # seconds, for a socket that somebody opened without one: nothing may wait for ever
QUIT_TIMEOUT = 5.0  # seconds; politeness must not hold up a worker
LAST_WORDS_TIMEOUT = 0.1  # seconds to look for a reason that a server left behind before it hung up
REPLY_LIMIT = 65536  # bytes; RFC 5321 §4.5.3.1.5 promises 512 a line
TROUBLE = (OSError, EOFError, ValueError)  # ValueError: not SMTP, or a file that is already closed


class Session:
	"""Hands over mails one after another. Not thread-safe. `alive` says whether it can take another mail.

	`max_size` is the most bytes a mail may have (RFC 1870), 0 when the server names no limit.
	"""

	def __init__(self, smtp: smtplib.SMTP):
		"""Takes over a connected and logged-in `smtp`; says EHLO if nobody has. Raises Refused, ConnectionLost."""
		try:
			smtp.ehlo_or_helo_if_needed()
			smtp.file = smtp.file or smtp.sock.makefile("rb")
		except (smtplib.SMTPException, *TROUBLE) as error:
			raise explain(error) from error
		self._smtp, self._socket, self._file = smtp, smtp.sock, smtp.file
		self._read_features(smtp.esmtp_features if smtp.does_esmtp else {})
		self._prepare_socket()
		self._buffer = b""
		self._asked: list[tuple[str, bytes]] = []
		self._trouble: Exception | None = None
		self._in_data = False
		self.alive = True

	def propose(self, sender: str, recipient: str) -> None:
		"""Writes the envelope of the next mail and reads nothing. An empty sender is the null path (RFC 5321 §4.5.5).

		Raises Refused for an address that cannot be written, before anything is sent. What goes wrong on the
		wire is raised by `confirm`.
		"""
		if self._asked or self._in_data:
			raise RuntimeError("propose() while another mail is under way")
		self._asked = self._envelope(sender, recipient)
		commands = [command for stage, command in self._asked]
		self._trouble = None
		try:
			self._write(b"".join(commands) if self.pipelining else commands[0])
		except TROUBLE as error:
			self._trouble = self._lost("mail", error)

	def confirm(self) -> None:
		"""Returns when the server waits for the body. Raises Refused (the session goes on) or ConnectionLost."""
		asked, self._asked = self._asked, []
		if self._trouble:
			raise self._trouble
		if not asked:
			raise RuntimeError("confirm() without propose()")
		try:
			refusals, in_data = self._converse(asked)
			if refusals:
				self._clean_up(refusals, in_data)
				raise refusals[0]
			self._in_data = True
		except BaseException as error:
			if not isinstance(error, Refused):
				self.abandon()
			raise

	def transmit(self, content: bytes) -> None:
		"""Sends the body of the confirmed mail and returns when the server has accepted it.

		`content` is a whole message; lone CRs and LFs become line ends (RFC 5321 §2.3.8), so that no server
		can see another end of the mail than this one. Raises Refused, or ConnectionLost, whose
		`maybe_accepted` is true once the final dot was handed to the network.
		"""
		if not self._in_data:
			raise RuntimeError("transmit() without confirm()")
		self._in_data, sent = False, False
		try:
			self._check_size(content)
			self._write(quote(content))
			sent = True
			self._settle(self._read_lines())
		except Refused:
			raise
		except TROUBLE as error:
			raise self._lost("content", error, maybe_accepted=sent) from error
		except BaseException:
			self.abandon()
			raise

	def abandon(self) -> None:
		"""Closes the connection at once, so that a mail under way is not delivered. Never raises."""
		self.alive, self._in_data, self._asked = False, False, []
		with suppress(Exception):
			self._smtp.close()

	def close(self) -> None:
		"""Says QUIT, waits at most QUIT_TIMEOUT seconds for the answer, and closes. Never raises."""
		if self.alive and not self._in_data and not self._asked:
			with suppress(Exception):
				self._limit(min(self._timeout, QUIT_TIMEOUT))
				self._write(b"QUIT\r\n")
				self._read_lines()
		self.abandon()

	def _read_features(self, features: dict[str, str]) -> None:
		self.pipelining = "pipelining" in features
		self.utf8 = "smtputf8" in features
		self.eight_bit = "8bitmime" in features
		size = features.get("size", "").strip()
		self.max_size = int(size) if size.isascii() and size.isdigit() else 0

	def _prepare_socket(self) -> None:
		self._limit(self._socket.gettimeout() or DEFAULT_TIMEOUT)
		with suppress(OSError):  # a socket that is not TCP
			self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

	def _limit(self, seconds: float) -> None:
		self._timeout = seconds
		self._socket.settimeout(seconds)

	def _envelope(self, sender: str, recipient: str) -> list[tuple[str, bytes]]:
		return_path = mailbox(sender, "mail", self.utf8) if sender else b""
		to = mailbox(recipient, "rcpt", self.utf8)
		options = b" BODY=8BITMIME" if self.eight_bit else b""
		if not (return_path + to).isascii():
			options += b" SMTPUTF8"
		return [
			("mail", b"MAIL FROM:<%s>%s\r\n" % (return_path, options)),
			("rcpt", b"RCPT TO:<%s>\r\n" % to),
			("data", b"DATA\r\n"),
		]

	def _converse(self, asked: list[tuple[str, bytes]]) -> tuple[list[Refused], bool]:
		"""Reads an answer to each command, writing them in turn where they are not pipelined yet.

		Returns the refusals, and whether the server waits for a body. Raises ConnectionLost, or the first refusal
		when the connection broke after it.
		"""
		refusals: list[Refused] = []
		accepted = False
		for stage, command in asked:
			try:
				if stage != "mail" and not self.pipelining:
					self._write(command)
				lines = self._read_lines()
				accepted = _is_yes(lines, b"3" if stage == "data" else b"2")
				if not accepted:
					refusals.append(Refused(stage, parse(lines)))
			except TROUBLE as error:
				lost = self._lost(stage, error)
				raise (refusals or [lost])[0] from error
			if refusals and (refusals[-1].reply.code == 421 or not self.pipelining):
				break
		return refusals, accepted

	def _clean_up(self, refusals: list[Refused], in_data: bool) -> None:
		"""Brings the session back to where a new mail can begin, or closes it."""
		if refusals[-1].reply.code == 421 or (in_data and refusals[0].stage != "rcpt"):
			return (
				self.abandon()
			)  # the second: a body is awaited for an envelope that is not the one we meant
		try:
			if in_data:  # RFC 2920 §3.1: DATA was accepted without a recipient, a lone dot ends it
				self._write(b".\r\n")
				self._read_lines()
			self._write(b"RSET\r\n")
			if not _is_yes(self._read_lines(), b"2"):
				self.abandon()
		except TROUBLE:
			self.abandon()

	def _settle(self, lines: list[bytes]) -> None:
		if _is_yes(lines, b"2"):
			return
		reply = parse(lines)
		if reply.code == 421:
			self.abandon()
		raise Refused("content", reply)

	def _check_size(self, content: bytes) -> None:
		if self.max_size and len(content) > self.max_size:
			self.abandon()  # the only way out of DATA that delivers nothing
			words = f"The message has {len(content)} bytes, the server takes {self.max_size}"
			raise Refused("content", Reply(552, "5.3.4", words))

	def _write(self, data: bytes) -> None:
		if not self.alive:
			raise EOFError("the session is closed")
		if self._buffer:  # taken for the answer to what we are about to say, it could lose or double a mail
			raise ConnectionAbortedError("the server spoke out of turn")
		self._socket.sendall(data)

	def _read_lines(self) -> list[bytes]:
		deadline = monotonic() + self._timeout
		lines = [self._read_line(deadline)]
		while lines[-1][3:4] == b"-":
			lines.append(self._read_line(deadline))
			if len(lines) * 4 > REPLY_LIMIT or sum(map(len, lines)) > REPLY_LIMIT:
				raise ValueError("the server sent an endless reply")
		return lines

	def _read_line(self, deadline: float) -> bytes:
		while (end := self._buffer.find(b"\n") + 1) == 0:
			if monotonic() > deadline:
				raise TimeoutError
			if len(self._buffer) > REPLY_LIMIT:
				raise ValueError("the server sent an endless reply")
			chunk = self._file.read1(REPLY_LIMIT)
			if not chunk:
				raise EOFError("the server closed the connection")
			self._buffer += chunk
		line, self._buffer = self._buffer[:end], self._buffer[end:]
		return line

	def _lost(self, stage: str, error: Exception, maybe_accepted: bool = False) -> Exception:
		"""Closes the session and returns what to raise: the server's last words if there are any, else the loss."""
		reason = None if maybe_accepted else self._last_words(stage, error)
		cause = _cause(error, self._timeout)
		self.abandon()
		return Refused(stage, reason) if reason else ConnectionLost(stage, maybe_accepted, cause)

	def _last_words(self, stage: str, error: Exception) -> Reply | None:
		# Only a broken write can have left an unread reply, such as 421 after an idle hour or 552 in mid-body
		if not isinstance(error, ConnectionError):
			return None
		with suppress(*TROUBLE):
			self._limit(min(self._timeout, LAST_WORDS_TIMEOUT))
			reply = parse(self._read_lines())
			# Before the body, any other code would be said of an earlier mail
			if reply.code == 421 or (stage == "content" and reply.code > 400):
				return reply
		return None


def explain(error: Exception) -> Refused | ConnectionLost:
	"""Puts what smtplib raised while a session was being opened into this module's words; never raises."""
	if isinstance(error, smtplib.SMTPResponseException):
		stage = "login" if isinstance(error, smtplib.SMTPAuthenticationError) else "connect"
		text = error.smtp_error
		return Refused(
			stage, reply_of(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
		)
	# smtplib reports a timeout as a disconnection and keeps the error that tells them apart
	origin = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
	return ConnectionLost("connect", False, _cause(origin or error))


def _is_yes(lines: list[bytes], wanted: bytes) -> bool:
	"""Raises ValueError for a reply that is neither a yes nor a no: the two sides have lost step."""
	last = lines[-1]
	if last[:1] == wanted and last[:3].isdigit() and last[3:4].isspace():
		return True
	reply = parse(lines)
	if reply.code < 400:
		raise ValueError(f"the server gave an answer that does not fit: {reply}")
	return False


def _cause(error: BaseException, timeout: float | None = None) -> str:
	if isinstance(error, TimeoutError):
		return "the server did not answer " + (f"within {timeout:g} seconds" if timeout else "in time")
	if isinstance(error, ConnectionRefusedError):
		return "nothing accepts connections at the server's address"
	if isinstance(error, ConnectionError) and error.errno:
		return "the connection was broken by the other side"
	return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
