"""One mail at a time over an SMTP session that the caller has opened and logged in.

	session = Session(smtp)                      # smtp: a connected smtplib.SMTP or SMTP_SSL
	session.propose("a@example.org", "b@example.com")
	session.confirm()                            # the server is ready for the body
	session.transmit(content)                    # the server has accepted responsibility for the mail

Between `confirm` and `transmit` the caller can still stop the mail with `abandon`. Where the server offers
PIPELINING (RFC 2920), the three commands of the envelope leave in one segment and the body in another,
together with the next envelope if `transmit` gets it as `following`. An envelope alone delivers nothing.
Every wait ends with the time-out of its stage. Any exception other than Refused and ConnectionLost (a job's
time limit, an interrupt) ends the session; if `transmit` raises it, nobody knows whether the server has taken
the mail.
"""

import smtplib
from contextlib import suppress

from email_campaigns.delivery.smtp.channel import Channel, Timeouts, Wait
from email_campaigns.delivery.smtp.replies import (
	TEXT_LIMIT,
	ConnectionLost,
	Refused,
	Reply,
	make_reply,
	parse_reply,
	queue_id,
)
from email_campaigns.delivery.smtp.wire import dot_stuff, encode_mailbox
from email_campaigns.text import Sentence, SentenceError, _lt

__all__ = [
	"ConnectionLost",
	"Refused",
	"Reply",
	"Session",
	"TemporarilyUnavailable",
	"Unavailable",
	"explain",
]

QUIT_TIMEOUT = 5.0  # seconds; a worker does not wait longer for an answer to QUIT
LAST_WORDS_TIMEOUT = 0.1  # seconds to look for a reason that a server left behind before it hung up
TROUBLE = (OSError, EOFError, ValueError)  # ValueError: not SMTP, or a file that is already closed

CLOSED = _lt("the session is closed")
SILENT = _lt("the server did not answer in time")
SILENT_FOR = _lt("the server did not answer within {0} seconds")
NOBODY_LISTENS = _lt("nothing accepts connections at the server's address")
BROKEN = _lt("the connection was broken by the other side")
TOO_LARGE = _lt("The message has {0} bytes, the server takes {1}")


class OutOfStep(SentenceError, ValueError):
	"""A whole reply cannot belong to its command: the server sent a reply too many or too few."""


class Unavailable(SentenceError):
	"""The mail server gives no session. The message is a sentence for the user."""


class TemporarilyUnavailable(Unavailable):
	"""The mail server gives no session now, and nobody has to do anything about it: a restart, a limit."""


class Session:
	"""Hands over mails one after another. Not thread-safe. `alive` says whether it can take another mail.

	`max_size` is the largest mail in bytes (RFC 1870), 0 where the server names no limit.
	`under_way` is the recipient whose envelope is written and waits for `confirm`, None where there is none.
	"""

	def __init__(self, smtp: smtplib.SMTP, wait: Wait | None = None, timeouts: Timeouts | None = None):
		"""Take over a connected and logged-in `smtp`, and say EHLO where that is missing.

		`wait` lets other sessions work, as in Channel; without `timeouts` that of the socket holds. Raises
		Refused, ConnectionLost.
		"""
		try:
			smtp.ehlo_or_helo_if_needed()
			connection = smtp.sock
			if connection is None:
				raise EOFError(CLOSED)
			smtp.file = smtp.file or connection.makefile("rb")
		except (smtplib.SMTPException, *TROUBLE) as error:
			raise explain(error) from error
		self._smtp, self._channel = smtp, Channel(connection, smtp.file, wait)
		self._timeouts = timeouts or Timeouts.every(self._channel.timeout)
		self._waits = self._timeouts._asdict()
		self._read_features(smtp.esmtp_features if smtp.does_esmtp else {})
		self._asked: list[tuple[str, bytes]] = []
		self.under_way: str | None = None
		self._trouble: Exception | None = None
		self._in_data = False
		self.alive = True

	def propose(self, sender: str, recipient: str) -> None:
		"""Write the envelope of the next mail and read nothing.

		An empty sender is the null path (RFC 5321 §4.5.5). Raises Refused for an address that cannot be
		written, before anything is sent. `confirm` raises the errors of the connection.
		"""
		if self._asked or self._in_data:
			raise RuntimeError("propose() while another mail is under way")
		envelope = self._ask(sender, recipient)
		self._channel.limit(self._timeouts.mail)
		try:
			self._write(envelope if self.pipelining else self._asked[0][1])
		except TROUBLE as error:
			self._trouble = self._lost("mail", error)

	def try_envelope(self, sender: str, recipient: str) -> None:
		"""Ask whether the server takes an envelope, and withdraw it: no mail follows.

		Many servers judge the sender at the recipient only. Raises Refused, ConnectionLost.
		"""
		commands = self._envelope(sender, recipient)
		for stage, command in commands[:-1]:
			try:
				self._channel.limit(self._waits[stage])
				self._write(command)
				lines = self._channel.read()
			except TROUBLE as error:
				raise self._lost(stage, error) from error
			if not _is_yes(lines, b"2"):
				raise Refused(stage, parse_reply(lines))
		self._reset()

	def confirm(self) -> None:
		"""Return when the server waits for the body.

		Raises Refused (the session goes on) or ConnectionLost.
		"""
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

	def withdraw(self) -> None:
		"""Take a proposed envelope back, so that another mail can be proposed.

		Where DATA has left with the envelope (PIPELINING), only the end of the connection can do that: the
		server would deliver whatever comes next as the body.
		"""
		asked, self._asked, self.under_way = self._asked, [], None
		if not asked or self._trouble or self.pipelining:
			self.abandon()
			return
		try:
			if self._channel.read()[-1][:3] == b"421":
				self.abandon()
			else:
				self._reset()
		except TROUBLE:
			self.abandon()

	def transmit(self, content: bytes, following: tuple[str, str] | None = None) -> str:
		"""Send the body of the confirmed mail, and return the server's id of it when it has accepted it.

		`content` is a whole message; lone CRs and LFs become line ends (RFC 5321 §2.3.8), so that no server
		can see another end of the mail. Raises Refused, or ConnectionLost, whose `maybe_accepted` is true
		once the final dot was handed to the network.

		`following` is (sender, recipient) of the next mail. Its envelope leaves in the same segment if the
		server offers PIPELINING (RFC 2920 §3.1: a body may be the first command of a group) and the address
		can be written. It is then `under_way` and is to be confirmed without `propose`, also after a refusal
		that leaves the session alive.
		"""
		if not self._in_data:
			raise RuntimeError("transmit() without confirm()")
		self._in_data, sent = False, False
		try:
			self._check_size(content)
			self._channel.limit(self._timeouts.block)
			self._write(dot_stuff(content), self._announce(following))
			sent = True
			self._channel.limit(self._timeouts.content)
			lines = self._channel.read()
			self._settle(lines)
			return queue_id(lines[-1])
		except Refused:
			raise
		except TROUBLE as error:
			raise self._lost("content", error, maybe_accepted=sent) from error
		except BaseException:
			self.abandon()
			raise

	def abandon(self) -> None:
		"""Close the connection at once, so that a mail under way is not delivered. Never raises."""
		self.alive, self._in_data, self._asked, self.under_way = False, False, [], None
		with suppress(Exception):
			self._smtp.close()

	def close(self) -> None:
		"""Say QUIT, wait at most QUIT_TIMEOUT seconds for the answer, and close. Never raises."""
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
		return b"".join(command for _stage, command in self._asked)

	def _announce(self, following: tuple[str, str] | None) -> bytes:
		if following and self.pipelining:
			with suppress(Refused):  # propose() raises it when it is that mail's turn
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
		"""Read an answer to each command; without PIPELINING, write each command first.

		Returns the refusals, and whether the server waits for a body. Raises ConnectionLost, or the first
		refusal when the connection broke after it.
		"""
		refusals: list[Refused] = []
		accepted = False
		for stage, command in asked:
			try:
				self._channel.limit(self._waits[stage])
				if stage != "mail" and not self.pipelining:
					self._write(command)
				lines = self._channel.read()
				accepted = _is_yes(lines, b"3" if stage == "data" else b"2")
				if not accepted:
					refusals.append(Refused(stage, parse_reply(lines)))
			except TROUBLE as error:
				lost = self._lost(stage, error)
				# Out of step, the supposed refusal may belong to another mail
				raise (refusals if refusals and not isinstance(error, OutOfStep) else [lost])[0] from error
			if refusals and (refusals[-1].reply.code == 421 or not self.pipelining):
				break
		return refusals, accepted

	def _clean_up(self, refusals: list[Refused], in_data: bool) -> None:
		"""Bring the session back to where a new mail can begin, or close it."""
		if refusals[-1].reply.code == 421 or (in_data and refusals[0].stage != "rcpt"):
			# In the second case the server awaits a body for an envelope that is not the proposed one
			self.abandon()
			return
		try:
			if in_data:  # RFC 2920 §3.1: DATA was accepted without a recipient, a lone dot ends the body
				self._write(b".\r\n")
				self._channel.read()
			self._reset()
		except TROUBLE:
			self.abandon()

	def _reset(self) -> None:
		self._write(b"RSET\r\n")
		if not _is_yes(self._channel.read(), b"2"):
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
			reason = Sentence(TOO_LARGE, len(content), self.max_size)
			raise Refused("content", Reply(552, "5.3.4", reason))

	def _write(self, data: bytes, ahead: bytes = b"") -> None:
		if not self.alive:
			raise EOFError(CLOSED)
		self._channel.write(data, ahead)

	def _lost(self, stage: str, error: Exception, maybe_accepted: bool = False) -> Exception:
		"""Close the session and return the error to raise: the server's last words, else the loss."""
		reason = None if maybe_accepted else self._last_words(stage, error)
		cause = _cause(error, self._channel.timeout)
		self.abandon()
		return Refused(stage, reason) if reason else ConnectionLost(stage, maybe_accepted, cause)

	def _last_words(self, stage: str, error: Exception) -> Reply | None:
		# Only a broken write can leave a reply unread, such as 421 after an idle hour or 552 in mid-body
		if not isinstance(error, ConnectionError):
			return None
		with suppress(*TROUBLE):
			self._channel.limit(min(self._channel.timeout, LAST_WORDS_TIMEOUT))
			reply = parse_reply(self._channel.read())
			# Before the body, any other code would belong to an earlier mail
			if reply.code == 421 or (stage == "content" and reply.code > 400):
				return reply
		return None


def explain(error: Exception) -> Refused | ConnectionLost:
	"""Return an error of smtplib, from the opening of a session, as one of this room. Never raises."""
	if isinstance(error, smtplib.SMTPResponseException):
		stage = "login" if isinstance(error, smtplib.SMTPAuthenticationError) else "connect"
		text = error.smtp_error
		return Refused(
			stage, make_reply(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
		)
	# smtplib reports a timeout as a disconnection; the original error is in its context
	origin = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
	return ConnectionLost("connect", False, _cause(origin or error))


def _is_yes(lines: list[bytes], wanted: bytes) -> bool:
	"""Tell whether a reply is a yes.

	Raises OutOfStep where it is neither yes nor no, NotSMTP where it is no reply.
	"""
	last = lines[-1]
	if last[:1] == wanted and last[:3].isdigit() and last[3:4].isspace():
		return True
	reply = parse_reply(lines)
	if reply.code < 400:
		raise OutOfStep(_lt("the server gave an answer that does not fit: {0}"), str(reply))
	return False


def _cause(error: BaseException, timeout: float | None = None) -> Sentence:
	if isinstance(error, SentenceError):
		return error.sentence
	if isinstance(error, TimeoutError):
		return Sentence(SILENT_FOR, f"{timeout:g}") if timeout else Sentence(SILENT)
	if isinstance(error, ConnectionRefusedError):
		return Sentence(NOBODY_LISTENS)
	if isinstance(error, ConnectionError) and error.errno:
		return Sentence(BROKEN)
	# The words of channel.py, which can be translated, or those of the system
	return Sentence(" ".join(str(error).split())[:TEXT_LIMIT].rstrip(".") or type(error).__name__)
