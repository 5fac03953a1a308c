"""One mail at a time over an SMTP session that somebody else opened and logged in.

	session = Session(smtp)                      # smtp: a connected smtplib.SMTP or SMTP_SSL
	session.propose("a@example.org", "b@example.com")
	session.confirm()                            # the server is ready for the body
	session.transmit(content)                    # it has taken responsibility for the mail

Between `confirm` and `transmit` the caller may still change its mind: `abandon`. The three commands of the
envelope leave in one segment where the server offers PIPELINING (RFC 2920), and the body in another, which
takes the envelope of the next mail along if `transmit` is told of it. An envelope alone delivers nothing. Every
wait ends by the socket's timeout. Any exception other than Refused and ConnectionLost that passes through (a
job's time limit, an interrupt) ends the session; out of `transmit` it leaves open whether the server has taken
the mail.
"""

import smtplib
from contextlib import suppress

from email_campaigns.delivery.smtp.channel import Channel, Wait
from email_campaigns.delivery.smtp.replies import ConnectionLost, Refused, Reply, make_reply, parse_reply
from email_campaigns.delivery.smtp.wire import dot_stuff, encode_mailbox

__all__ = ["ConnectionLost", "Refused", "Reply", "Session", "explain"]

QUIT_TIMEOUT = 5.0  # seconds; politeness must not hold up a worker
LAST_WORDS_TIMEOUT = 0.1  # seconds to look for a reason that a server left behind before it hung up
TROUBLE = (OSError, EOFError, ValueError)  # ValueError: not SMTP, or a file that is already closed


class OutOfStep(ValueError):
	"""A whole reply that cannot be one to the command it is read for: another one came too many or too few."""


class Session:
	"""Hands over mails one after another. Not thread-safe. `alive` says whether it can take another mail.

	`max_size` is the most bytes a mail may have (RFC 1870), 0 when the server names no limit.
	`under_way` is the recipient whose envelope was written and waits for `confirm`, None when there is none.
	"""

	def __init__(self, smtp: smtplib.SMTP, wait: Wait | None = None):
		"""Takes over a connected and logged-in `smtp`; says EHLO if nobody has. `wait` lets others work, as Channel has
		it. Raises Refused, ConnectionLost."""
		try:
			smtp.ehlo_or_helo_if_needed()
			smtp.file = smtp.file or smtp.sock.makefile("rb")
		except (smtplib.SMTPException, *TROUBLE) as error:
			raise explain(error) from error
		self._smtp, self._channel = smtp, Channel(smtp.sock, smtp.file, wait)
		self._read_features(smtp.esmtp_features if smtp.does_esmtp else {})
		self._asked: list[tuple[str, bytes]] = []
		self.under_way: str | None = None
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
		envelope = self._ask(sender, recipient)
		try:
			self._write(envelope if self.pipelining else self._asked[0][1])
		except TROUBLE as error:
			self._trouble = self._lost("mail", error)

	def confirm(self) -> None:
		"""Returns when the server waits for the body. Raises Refused (the session goes on) or ConnectionLost."""
		asked, self._asked, self.under_way = self._asked, [], None
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

	def transmit(self, content: bytes, following: tuple[str, str] | None = None) -> None:
		"""Sends the body of the confirmed mail and returns when the server has accepted it.

		`content` is a whole message; lone CRs and LFs become line ends (RFC 5321 §2.3.8), so that no server
		can see another end of the mail than this one. Raises Refused, or ConnectionLost, whose
		`maybe_accepted` is true once the final dot was handed to the network.

		`following` is sender and recipient of the next mail. Its envelope leaves in the same segment where the
		server offers PIPELINING (RFC 2920 §3.1: a body may be the first command of a group) and it can be written;
		then it is `under_way`, to be confirmed and not proposed, also after a refusal that the session survives.
		"""
		if not self._in_data:
			raise RuntimeError("transmit() without confirm()")
		self._in_data, sent = False, False
		try:
			self._check_size(content)
			self._write(dot_stuff(content), self._announce(following))
			sent = True
			self._settle(self._channel.read())
		except Refused:
			raise
		except TROUBLE as error:
			raise self._lost("content", error, maybe_accepted=sent) from error
		except BaseException:
			self.abandon()
			raise

	def abandon(self) -> None:
		"""Closes the connection at once, so that a mail under way is not delivered. Never raises."""
		self.alive, self._in_data, self._asked, self.under_way = False, False, [], None
		with suppress(Exception):
			self._smtp.close()

	def close(self) -> None:
		"""Says QUIT, waits at most QUIT_TIMEOUT seconds for the answer, and closes. Never raises."""
		if self.alive and not self._in_data and not self._asked:
			with suppress(Exception):
				self._channel.limit(min(self._channel.timeout, QUIT_TIMEOUT))
				self._write(b"QUIT\r\n")
				self._channel.read()
		self.abandon()

	def _read_features(self, features: dict[str, str]) -> None:
		self.pipelining = "pipelining" in features
		self.utf8 = "smtputf8" in features
		self.eight_bit = "8bitmime" in features
		size = features.get("size", "").strip()
		self.max_size = int(size) if size.isascii() and size.isdigit() else 0

	def _ask(self, sender: str, recipient: str) -> bytes:
		self._asked = self._envelope(sender, recipient)
		self.under_way, self._trouble = recipient, None
		return b"".join(command for stage, command in self._asked)

	def _announce(self, following: tuple[str, str] | None) -> bytes:
		if following and self.pipelining:
			with suppress(Refused):  # propose() raises it again, in that mail's own turn
				return self._ask(*following)
		return b""

	def _envelope(self, sender: str, recipient: str) -> list[tuple[str, bytes]]:
		return_path = encode_mailbox(sender, "mail", self.utf8) if sender else b""
		to = encode_mailbox(recipient, "rcpt", self.utf8)
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
				lines = self._channel.read()
				accepted = _is_yes(lines, b"3" if stage == "data" else b"2")
				if not accepted:
					refusals.append(Refused(stage, parse_reply(lines)))
			except TROUBLE as error:
				lost = self._lost(stage, error)
				# Out of step, what was taken for a refusal may have been said of another mail
				raise (refusals if refusals and not isinstance(error, OutOfStep) else [lost])[0] from error
			if refusals and (refusals[-1].reply.code == 421 or not self.pipelining):
				break
		return refusals, accepted

	def _clean_up(self, refusals: list[Refused], in_data: bool) -> None:
		"""Brings the session back to where a new mail can begin, or closes it."""
		if refusals[-1].reply.code == 421 or (in_data and refusals[0].stage != "rcpt"):
			# The second: a body is awaited for an envelope that is not the one we meant
			return self.abandon()
		try:
			if in_data:  # RFC 2920 §3.1: DATA was accepted without a recipient, a lone dot ends it
				self._write(b".\r\n")
				self._channel.read()
			self._write(b"RSET\r\n")
			if not _is_yes(self._channel.read(), b"2"):
				self.abandon()
		except TROUBLE:
			self.abandon()

	def _settle(self, lines: list[bytes]) -> None:
		if _is_yes(lines, b"2"):
			return
		reply = parse_reply(lines)
		if reply.code == 421:
			self.abandon()
		raise Refused("content", reply)

	def _check_size(self, content: bytes) -> None:
		if self.max_size and len(content) > self.max_size:
			self.abandon()  # the only way out of DATA that delivers nothing
			words = f"The message has {len(content)} bytes, the server takes {self.max_size}"
			raise Refused("content", Reply(552, "5.3.4", words))

	def _write(self, data: bytes, ahead: bytes = b"") -> None:
		if not self.alive:
			raise EOFError("the session is closed")
		self._channel.write(data, ahead)

	def _lost(self, stage: str, error: Exception, maybe_accepted: bool = False) -> Exception:
		"""Closes the session and returns what to raise: the server's last words if there are any, else the loss."""
		reason = None if maybe_accepted else self._last_words(stage, error)
		cause = _cause(error, self._channel.timeout)
		self.abandon()
		return Refused(stage, reason) if reason else ConnectionLost(stage, maybe_accepted, cause)

	def _last_words(self, stage: str, error: Exception) -> Reply | None:
		# Only a broken write can have left an unread reply, such as 421 after an idle hour or 552 in mid-body
		if not isinstance(error, ConnectionError):
			return None
		with suppress(*TROUBLE):
			self._channel.limit(min(self._channel.timeout, LAST_WORDS_TIMEOUT))
			reply = parse_reply(self._channel.read())
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
			stage, make_reply(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
		)
	# smtplib reports a timeout as a disconnection and keeps the error that tells them apart
	origin = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
	return ConnectionLost("connect", False, _cause(origin or error))


def _is_yes(lines: list[bytes], wanted: bytes) -> bool:
	"""Raises OutOfStep for a reply that is neither a yes nor a no, ValueError for what is no reply at all."""
	last = lines[-1]
	if last[:1] == wanted and last[:3].isdigit() and last[3:4].isspace():
		return True
	reply = parse_reply(lines)
	if reply.code < 400:
		raise OutOfStep(f"the server gave an answer that does not fit: {reply}")
	return False


def _cause(error: BaseException, timeout: float | None = None) -> str:
	if isinstance(error, TimeoutError):
		return "the server did not answer " + (f"within {timeout:g} seconds" if timeout else "in time")
	if isinstance(error, ConnectionRefusedError):
		return "nothing accepts connections at the server's address"
	if isinstance(error, ConnectionError) and error.errno:
		return "the connection was broken by the other side"
	return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__


class Unavailable(Exception):
	"""No session can be had from the mail server; the message is a sentence for the user."""
