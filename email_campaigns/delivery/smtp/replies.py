"""What an SMTP server says, and what a refusal means for the mail, its recipient and its mailing.

Pure. The order of the rules in `judge` matters: who is refused (the account, the address or this one mail)
is decided before how long. One mail has one recipient, and every mail of a mailing goes to the same server,
so a refusal of the client, the account or the sender would meet all mails alike: it pauses the mailing
instead of using up its recipients. An address is given up only on evidence about the address itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

TEXT_LIMIT = 300  # characters of a reply that are kept, enough for what a person needs to see
SEPARATORS = (b" ", b"-", b"\r", b"\n", b"")  # what may follow the code of a reply; b"" where a line is bare
BACKOFF_MINUTES = (5, 15, 45, 120, 360)
ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?=[\s:;,-]|$)[\s:;,-]*")

# RFC 4954 and RFC 5248: the session lacks a login, a right or encryption; 532 is Exchange's older 530
LOGIN_CODES = frozenset({454, 523, 524, 525, 530, 532, 534, 535, 538})
# RFC 5321 §4.2.2: the server did not understand or expect the command, whoever the recipient is
PROTOCOL_CODES = frozenset({500, 502, 503, 504})
# RFC 5321 §4.2.2 and RFC 7504 (556: the domain takes no mail): without a finer code these name the mailbox
ADDRESS_CODES = frozenset({501, 550, 551, 553, 556})

# RFC 3463 and the IANA registry of enhanced status codes, as subject.detail; Exchange adds 54, 57, 60, 4.310 …
ACCOUNT_DETAILS = frozenset(
	[
		"1.7",
		"1.8",
		"1.90",
		"2.252",
		"4.5",
		"7.8",
		"7.9",
		"7.10",
		"7.11",
		"7.13",
		"7.14",
		"7.54",
		"7.57",
		"7.60",
		"7.64",
		"7.139",
		"7.232",
		"7.233",
		"7.501",
		"7.502",
		"7.503",
		"7.705",
		"7.708",
		"7.750",
	]
)
ADDRESS_DETAILS = frozenset(["1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "1.20", "2.1", "4.4", "4.310"])

ACCOUNT_WORDS = re.compile(
	r"\brelay(ing)?( access| of mail)?( is)? (denied|prohibited|refused|rejected|fail|not (permitted|allowed))"
	r"|\b(not|unable|cannot|can't|won't)\b.{0,30}\brelay(?! (recipient|map|table))|rcpthosts"
	r"|authentication (is )?(required|failed|unsuccessful)|(not|must|please|requires?) .{0,20}authenticat"
	r"|unauthenticated sender|auth(orization|entication)? first|sender verif|verification failed for"
	r"|sender (address )?(is )?(rejected|denied|blocked|invalid|unknown|not (allowed|verified|authori[sz]ed|owned))"
	r"|(not (allowed|permitted|authori[sz]ed)|permissions?) to (send as|use|send(?! ((e-?)?mails? |messages? )?to ))"
	r"|sender identity|(address|identity|domain) (is )?not verified"
	r"|(client|helo|ehlo)( host| command)? .{0,60}(rejected|blocked|denied)|invalid helo|banned sending ip"
	r"|sending (is )?(paused|suspended|disabled)|your (\w+ )?account .{0,25}(suspended|disabled|not (yet )?activat)"
	r"|(daily|hourly|sending|relay|outgoing|outbound)[\w ]{0,25}(limit|quota)[\w ]{0,15}(exceed|reach)"
	r"|(exceed|reach)\w*[\w ]{0,20}(daily|hourly|sending|relay|outgoing|outbound)[\w ]{0,25}(limit|quota)"
	r"|unusual sending activity",
	re.IGNORECASE,
)
UNKNOWN_WORDS = re.compile(
	r"(user|mailbox|recipient|account|address|alias|addressee).{0,60}"
	r"(unknown|not found|does ?n.t exist|does not exist|not exist|unavailable|no longer|inactive|disabled|invalid)"
	r"|(unknown|no such|invalid|inactive|non-?existent|nonexistent) "
	r"(local )?(user|mailbox|recipient|account|address|alias|person)"
	r"|does ?n.t have an? \S+ account|no mailbox here|not our customer|undeliverable address"
	r"|recipientnotfound|recipnotfound|domain (not found|does not exist)|not a valid (mailbox|user|recipient)",
	re.IGNORECASE,
)
FULL_WORDS = re.compile(
	r"(mailbox|inbox|account|user|recipient|storage|quota).{0,40}(\bfull\b|over ?quota|exceed)"
	r"|(exceed|over|out of).{0,25}(quota|storage|disk)|quota",
	re.IGNORECASE,
)
POLICY_WORDS = re.compile(
	r"spam|polic(y|ies)|block(ed|list)|black ?list|deny ?list|listed|reputation|\b(spf|dkim|dmarc|dnsbl|rbl)\b"
	r"|virus|malware|phish|prohibited|content|bulk|abuse|administrative|access denied|not allowed|too large|size",
	re.IGNORECASE,
)
SENDER_WORDS = re.compile(r"\b(header|from|sender|envelope)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
	"""One reply: three-digit code, RFC 3463 code ("5.1.1" or ""), text in one line without control characters."""

	code: int
	enhanced: str
	text: str

	def __str__(self) -> str:
		return " ".join(part for part in (str(self.code), self.enhanced, self.text) if part)


class Refused(Exception):
	"""The server said no (4xx or 5xx) at `stage`: connect, login, mail, rcpt, data or content. Nothing was taken."""

	def __init__(self, stage: str, reply: Reply):
		super().__init__(stage, reply)
		self.stage = stage
		self.reply = reply

	def __str__(self) -> str:
		return f"{self.reply} (at {self.stage})"


class ConnectionLost(Exception):
	"""The session ended without an answer; `maybe_accepted` says whether the server may have taken the mail."""

	def __init__(self, stage: str, maybe_accepted: bool, cause: str):
		super().__init__(stage, maybe_accepted, cause)
		self.stage = stage
		self.maybe_accepted = maybe_accepted
		self.cause = cause

	def __str__(self) -> str:
		return f"The connection to the mail server was lost at {self.stage}: {self.cause}."


class ReplyMeaning(Enum):
	"""What the caller does next: the same mail again later, give up the mail, the address, or stop and ask."""

	RETRY = "retry"
	FAILED = "failed"
	BOUNCED = "bounced"
	PAUSE = "pause"


def parse_reply(lines: Sequence[bytes]) -> Reply:
	"""Reads the lines of one reply, with or without line ends. Raises ValueError when it is not SMTP (RFC 5321 §4.2)."""
	codes = {line[:3] for line in lines}
	code = codes.pop() if all(line[3:4] in SEPARATORS for line in lines) else b""
	if codes or len(code) != 3 or not (code.isdigit() and b"200" <= code < b"600"):
		raise ValueError(f"the server sent something that is not SMTP: {_clean(lines[0])[:80]!r}")
	return make_reply(int(code), b"\n".join(line[4:] for line in lines))


def make_reply(code: int, text: bytes) -> Reply:
	"""Builds a reply from its code and the texts of its lines, each of which may repeat the RFC 3463 code."""
	enhanced, words = "", []
	for line in text.split(b"\n"):
		line = _clean(line)
		if match := ENHANCED.match(line):
			enhanced = enhanced or match[1]
			line = line[match.end() :]
		words.append(line)
	return Reply(code, enhanced, " ".join(filter(None, words))[:TEXT_LIMIT])


def judge_refusal(refusal: Refused) -> tuple[ReplyMeaning, str]:
	"""Says what a refusal means and why, in a sentence for people. Sources: RFC 5321 §4.2, RFC 3463, tests/data."""
	meaning = _meaning(refusal.stage, refusal.reply)
	return meaning, f"{_subject(meaning, refusal.stage)}: {refusal.reply}"


def backoff(attempt: int) -> int:
	"""Seconds until the next try after `attempt` tries (1 or more): 5, 15 and 45 minutes, 2 hours, then every 6."""
	return 60 * BACKOFF_MINUTES[min(max(attempt, 1), len(BACKOFF_MINUTES)) - 1]


def _meaning(stage: str, reply: Reply) -> ReplyMeaning:
	if stage in ("connect", "login"):
		return ReplyMeaning.PAUSE
	if (
		reply.code in LOGIN_CODES and "rate exceeded" not in reply.text
	):  # SES says 454 to a mail a second too many
		return ReplyMeaning.PAUSE
	if reply.code < 500:
		return ReplyMeaning.RETRY
	if stage == "mail" or _is_about_the_account(stage, reply):
		return ReplyMeaning.PAUSE
	return ReplyMeaning.BOUNCED if _is_about_the_address(stage, reply) else ReplyMeaning.FAILED


def _is_about_the_account(stage: str, reply: Reply) -> bool:
	# A relay that quotes another host ("host mx.example said: 554 …") passes on what one domain thinks of the mail
	own_words = reply.text.partition(" said: ")[0]
	if reply.code in PROTOCOL_CODES and stage != "content":
		return True
	return reply.enhanced[2:] in ACCOUNT_DETAILS or bool(ACCOUNT_WORDS.search(own_words))


def _is_about_the_address(stage: str, reply: Reply) -> bool:
	quoted = reply.text.partition(" said: ")[2]
	if FULL_WORDS.search(reply.text) or POLICY_WORDS.search(quoted):
		return False
	if reply.enhanced[2:] in ADDRESS_DETAILS:
		return True
	if reply.enhanced == "5.4.1":  # Exchange Online answers so for a mailbox that its directory does not have
		return "Recipient address rejected" in reply.text
	is_policy = bool(POLICY_WORDS.search(reply.text))
	if UNKNOWN_WORDS.search(reply.text):
		return _names_the_recipient(stage, reply, is_policy)
	return stage == "rcpt" and not reply.enhanced and reply.code in ADDRESS_CODES and not is_policy


def _names_the_recipient(stage: str, reply: Reply, is_policy: bool) -> bool:
	# After the body, or under a policy code, "invalid address" may as well be said of a header or of the sender
	if stage == "rcpt" and not reply.enhanced.startswith("5.7."):
		return True
	return not is_policy and not SENDER_WORDS.search(reply.text)


def _subject(meaning: ReplyMeaning, stage: str) -> str:
	if meaning is ReplyMeaning.RETRY:
		return "The server asks to try again later"
	if meaning is ReplyMeaning.BOUNCED:
		return "The server refused the address"
	if meaning is ReplyMeaning.FAILED:
		return "The server refused the message" if stage == "content" else "The server refused this mail"
	return {
		"connect": "The server accepts no mail now",
		"login": "The server refused the login",
		"mail": "The server refused the sender",
	}.get(stage, "The server does not let this account send")


def _clean(line: bytes) -> str:
	text = line.decode("utf-8", "replace")
	if not text.isprintable():
		text = "".join(char if char.isprintable() else " " for char in text)
	return " ".join(text.split())
