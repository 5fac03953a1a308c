"""The replies of an SMTP server, and the meaning of a refusal for the mail, its recipient and its mailing.

Pure. The order of the rules in `judge_refusal` matters: they first decide what was refused (the account, the
address or this mail), then for how long. One mail has one recipient, and every mail of a mailing goes to the
same server. A refusal of the client, the account or the sender would therefore hit all mails alike: it pauses
the mailing instead of using up its recipients. An address is given up only on evidence about the address
itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from email_campaigns.text import Sentence, SentenceError, _lt

TEXT_LIMIT = 300  # characters of a reply that are kept, enough for a person to see the reason
SEPARATORS = (b" ", b"-", b"\r", b"\n", b"")  # what may follow the code of a reply; b"" where a line is bare
BACKOFF_MINUTES = (5, 15, 45, 120, 360)
ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?=[\s:;,-]|$)[\s:;,-]*")

# RFC 4954 and RFC 5248: the session lacks a login, a right or encryption; 532 is Exchange's older 530
LOGIN_CODES = frozenset({454, 523, 524, 525, 530, 532, 534, 535, 538})
# RFC 5321 §4.2.2: the server did not understand or expect the command, whoever the recipient is
PROTOCOL_CODES = frozenset({500, 502, 503, 504})
# RFC 5321 §4.2.2 and RFC 7504 (556: the domain takes no mail): without a finer code these name the mailbox
ADDRESS_CODES = frozenset({501, 550, 551, 553, 556})

# RFC 3463 and the IANA registry of enhanced status codes, as subject.detail; Exchange adds 54, 57, 60, 4.310
# …
ACCOUNT_DETAILS = frozenset(
	f"{subject}.{detail}"
	for subject, details in (
		(1, (7, 8, 90)),
		(2, (252,)),
		(4, (5,)),
		(7, (8, 9, 10, 11, 13, 14, 54, 57, 60, 64, 139, 232, 233, 501, 502, 503, 705, 708, 750)),
	)
	for detail in details
)
ADDRESS_DETAILS = frozenset(["1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "1.20", "2.1", "4.4", "4.310"])

ACCOUNT_WORDS = re.compile(
	r"\brelay(ing)?( access| of mail)?( is)? "
	r"(denied|prohibited|refused|rejected|fail|not (permitted|allowed))"
	r"|\b(not|unable|cannot|can't|won't)\b.{0,30}\brelay(?! (recipient|map|table))|rcpthosts"
	r"|authentication (is )?(required|failed|unsuccessful)|(not|must|please|requires?) .{0,20}authenticat"
	r"|unauthenticated sender|auth(orization|entication)? first|sender verif|verification failed for"
	r"|sender (address )?(is )?"
	r"(rejected|denied|blocked|invalid|unknown|not (allowed|verified|authori[sz]ed|owned))"
	r"|(not (allowed|permitted|authori[sz]ed)|permissions?) to "
	r"(send as|use|send(?! ((e-?)?mails? |messages? )?to ))"
	r"|sender identity|(address|identity|domain) (is )?not verified"
	r"|(client|helo|ehlo)( host| command)? .{0,60}(rejected|blocked|denied)|invalid helo|banned sending ip"
	r"|sending (is )?(paused|suspended|disabled)"
	r"|your (\w+ )?account .{0,25}(suspended|disabled|not (yet )?activat)"
	r"|(daily|hourly|sending|relay|outgoing|outbound)[\w ]{0,25}(limit|quota)[\w ]{0,15}(exceed|reach)"
	r"|(exceed|reach)\w*[\w ]{0,20}"
	r"(daily|hourly|sending|relay|outgoing|outbound)[\w ]{0,25}(limit|quota)"
	r"|unusual sending activity",
	re.IGNORECASE,
)
UNKNOWN_WORDS = re.compile(
	r"(user|mailbox|recipient|account|address|alias|addressee).{0,60}"
	r"(unknown|not found|does ?n.t exist|does not exist|not exist|unavailable"
	r"|no longer|inactive|disabled|invalid)"
	r"|(unknown|no such|invalid|inactive|non-?existent|nonexistent) "
	r"(local )?(user|mailbox|recipient|account|address|alias|person)"
	r"|does ?n.t have an? \S+ account|no mailbox here|not our customer|undeliverable address"
	r"|recipientnotfound|recipnotfound|domain (not found|does not exist)"
	r"|not a valid (mailbox|user|recipient)",
	re.IGNORECASE,
)
FULL_WORDS = re.compile(
	r"(mailbox|inbox|account|user|recipient|storage|quota).{0,40}(\bfull\b|over ?quota|exceed)"
	r"|(exceed|over|out of).{0,25}(quota|storage|disk)|quota",
	re.IGNORECASE,
)
POLICY_WORDS = re.compile(
	r"spam|polic(y|ies)|block(ed|list)|black ?list|deny ?list|listed|reputation"
	r"|\b(spf|dkim|dmarc|dnsbl|rbl)\b|virus|malware|phish|prohibited|content|bulk|abuse|administrative"
	r"|access denied|not allowed|too large|size",
	re.IGNORECASE,
)
SENDER_WORDS = re.compile(r"\b(header|from|sender|envelope)\b", re.IGNORECASE)


CONNECTION_LOST = _lt("The connection to the mail server was lost at {0}: {1}.")
# The place is the server's reply.
RETRY_LATER = _lt("The server asks to try again later: {0}")
REFUSED_ADDRESS = _lt("The server refused the address: {0}")
REFUSED_MESSAGE = _lt("The server refused the message: {0}")
REFUSED_MAIL = _lt("The server refused this mail: {0}")
REFUSED_CONNECTION = _lt("The server accepts no mail now: {0}")
REFUSED_LOGIN = _lt("The server refused the login: {0}")
REFUSED_SENDER = _lt("The server refused the sender: {0}")
REFUSED_ACCOUNT = _lt("The server does not let this account send: {0}")


@dataclass(frozen=True)
class Reply:
	"""One reply: three-digit code, RFC 3463 code ("5.1.1" or "") and text.

	A server's text is in one line without control characters. A refusal of the app's own, for a mail that no
	server could take, has a Sentence in its place.
	"""

	code: int
	enhanced: str
	text: str | Sentence

	def __str__(self) -> str:
		return " ".join(part for part in (str(self.code), self.enhanced, self.words) if part)

	@property
	def words(self) -> str:
		"""The text in English, or in the server's language."""
		return str(self.text)

	@property
	def quote(self) -> str | Sentence:
		"""The whole reply as a sentence quotes it; only the app's own text can be translated."""
		if isinstance(self.text, Sentence):
			return Sentence("{0} {1} {2}", self.code, self.enhanced, self.text)
		return str(self)


class Refused(SentenceError):
	"""The server said no (4xx or 5xx) and took nothing.

	`stage` is connect, login, mail, rcpt, data or content.
	"""

	def __init__(self, stage: str, reply: Reply):
		super().__init__(_lt("{0} (at {1})"), reply.quote, stage)
		self.args = (stage, reply)  # pickle calls the class with them
		self.stage = stage
		self.reply = reply


class ConnectionLost(SentenceError):
	"""The session ended without an answer; `maybe_accepted` says whether the server may have taken the mail.

	`stage` is one of those of Refused; `cause` names the fault in a few words, without a full stop.
	"""

	def __init__(self, stage: str, maybe_accepted: bool, cause: str | Sentence):
		super().__init__(CONNECTION_LOST, stage, cause)
		self.args = (stage, maybe_accepted, cause)  # pickle calls the class with them
		self.stage = stage
		self.maybe_accepted = maybe_accepted
		self.cause = cause


class NotSMTP(SentenceError, ValueError):
	"""The server sent lines that are no SMTP reply (RFC 5321 §4.2)."""


class ReplyMeaning(Enum):
	"""The next step after a refusal: try later, give up the mail or its address, or pause the mailing.

	THROTTLED is a limit of the account, the client or the connection: it hits whatever mail comes next, and
	goes away by itself.
	"""

	RETRY = "retry"
	THROTTLED = "throttled"
	FAILED = "failed"
	BOUNCED = "bounced"
	PAUSE = "pause"


def parse_reply(lines: Sequence[bytes]) -> Reply:
	"""Return the reply that some lines, with or without their ends, are. Raises NotSMTP (a ValueError)."""
	codes = {line[:3] for line in lines}
	code = codes.pop() if all(line[3:4] in SEPARATORS for line in lines) else b""
	if codes or len(code) != 3 or not (code.isdigit() and b"200" <= code < b"600"):
		raise NotSMTP(_lt("the server sent something that is not SMTP: {0}"), repr(_clean(lines[0])[:80]))
	return make_reply(int(code), b"\n".join(line[4:] for line in lines))


def make_reply(code: int, text: bytes) -> Reply:
	"""Return a reply from its code and the texts of its lines, each of which may repeat the RFC 3463 code."""
	enhanced, lines = "", []
	for raw in text.split(b"\n"):
		line = _clean(raw)
		if match := ENHANCED.match(line):
			enhanced = enhanced or match[1]
			line = line[match.end() :]
		lines.append(line)
	return Reply(code, enhanced, " ".join(filter(None, lines))[:TEXT_LIMIT])


def judge_refusal(refusal: Refused) -> tuple[ReplyMeaning, Sentence]:
	"""Return the meaning of a refusal and the reason for people.

	Sources: RFC 5321 §4.2, RFC 3463, and real replies in tests/data/smtp_replies.tsv.
	"""
	meaning = _meaning(refusal.stage, refusal.reply)
	return meaning, Sentence(_reason_text(meaning, refusal.stage), refusal.reply.quote)


def backoff(attempt: int) -> int:
	"""Return the seconds to wait after `attempt` tries (from 1).

	They are 5, 15 and 45 minutes, 2 hours, then always 6 hours.
	"""
	return 60 * BACKOFF_MINUTES[min(max(attempt, 1), len(BACKOFF_MINUTES)) - 1]


def _meaning(stage: str, reply: Reply) -> ReplyMeaning:
	if stage in ("connect", "login"):
		return ReplyMeaning.PAUSE
	# SES also answers 454 when a client sends too many mails a second
	if reply.code in LOGIN_CODES and "rate exceeded" not in reply.words:
		return ReplyMeaning.PAUSE
	if reply.code < 500:
		return ReplyMeaning.RETRY
	if stage == "mail" or _is_about_the_account(stage, reply):
		return ReplyMeaning.PAUSE
	return ReplyMeaning.BOUNCED if _is_about_the_address(stage, reply) else ReplyMeaning.FAILED


def _is_about_the_account(stage: str, reply: Reply) -> bool:
	# A relay that quotes another host ("host mx.example said: 554 …") reports the verdict of one domain on
	# the mail
	own_words = reply.words.partition(" said: ")[0]
	if reply.code in PROTOCOL_CODES and stage != "content":
		return True
	return reply.enhanced[2:] in ACCOUNT_DETAILS or bool(ACCOUNT_WORDS.search(own_words))


def _is_about_the_address(stage: str, reply: Reply) -> bool:
	quoted = reply.words.partition(" said: ")[2]
	if FULL_WORDS.search(reply.words) or POLICY_WORDS.search(quoted):
		return False
	if reply.enhanced[2:] in ADDRESS_DETAILS:
		return True
	if reply.enhanced == "5.4.1":  # Exchange Online's answer for a mailbox that its directory does not have
		return "Recipient address rejected" in reply.words
	is_policy = bool(POLICY_WORDS.search(reply.words))
	if UNKNOWN_WORDS.search(reply.words):
		return _names_the_recipient(stage, reply, is_policy)
	return stage == "rcpt" and not reply.enhanced and reply.code in ADDRESS_CODES and not is_policy


def _names_the_recipient(stage: str, reply: Reply, is_policy: bool) -> bool:
	# After the body, or under a policy code, "invalid address" can also be about a header or the sender
	if stage == "rcpt" and not reply.enhanced.startswith("5.7."):
		return True
	return not is_policy and not SENDER_WORDS.search(reply.words)


def _reason_text(meaning: ReplyMeaning, stage: str) -> str:
	if meaning is ReplyMeaning.RETRY:
		return RETRY_LATER
	if meaning is ReplyMeaning.BOUNCED:
		return REFUSED_ADDRESS
	if meaning is ReplyMeaning.FAILED:
		return REFUSED_MESSAGE if stage == "content" else REFUSED_MAIL
	texts = {"connect": REFUSED_CONNECTION, "login": REFUSED_LOGIN, "mail": REFUSED_SENDER}
	return texts.get(stage, REFUSED_ACCOUNT)


def _clean(line: bytes) -> str:
	text = line.decode("utf-8", "replace")
	if not text.isprintable():
		text = "".join(char if char.isprintable() else " " for char in text)
	return " ".join(text.split())
