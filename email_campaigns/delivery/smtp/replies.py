"""The replies of an SMTP server, the errors that carry them, and the names of their meanings.

Pure. judge.py decides what a refusal means.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from email_campaigns.text import Sentence, SentenceError, _lt

TEXT_LIMIT = 300  # characters of a reply that are kept, enough for a person to see the reason
SEPARATORS = (b" ", b"-", b"\r", b"\n", b"")  # what may follow the code of a reply; b"" where a line is bare
BACKOFF_MINUTES = (5, 15, 45, 120, 360)
LONGEST_ID = 140  # characters
SHORTEST_ID = 8
ENHANCED = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})(?=[\s:;,-]|$)[\s:;,-]*")

CONNECTION_LOST = _lt("The connection to the mail server was lost at {0}: {1}.")


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


def reported_words(enhanced: str, text: str, reporter: str) -> Sentence:
	"""Return “5.1.1 user unknown, reported by mx.example”, as far as it is known."""
	words = " ".join(filter(None, (enhanced, text)))
	return Sentence(_lt("{0}, reported by {1}"), words, reporter) if reporter else Sentence("{0}", words)


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


def queue_id(line: bytes) -> str:
	"""Return the id by which a server that has accepted a mail knows it, "" where its line names none.

	RFC 5321 leaves the text after the code to the server: Amazon SES writes “Ok 0100018f…”, Postfix “Ok:
	queued as 4XyZ…”, Exim “OK id=1rT9x2-…”. Without these words it is the longest that is no plain word.
	"""
	_, queued, after = line.partition(b"ueued as ")
	if queued:
		return _as_id(after.split(None, 1)[0]) if after.strip() else ""
	words = [word for word in line[4:].split() if len(word) >= SHORTEST_ID and not word.isalpha()]
	return _as_id(max(words, key=len)) if words else ""


def _as_id(word: bytes) -> str:
	text = word.strip(b"<>[](),.;").removeprefix(b"id=")[:LONGEST_ID].decode("ascii", "replace")
	return text if len(text) >= SHORTEST_ID and not text.isalpha() else ""


def backoff(attempt: int) -> int:
	"""Return the seconds to wait after `attempt` tries (from 1).

	They are 5, 15 and 45 minutes, 2 hours, then always 6 hours.
	"""
	return 60 * BACKOFF_MINUTES[min(max(attempt, 1), len(BACKOFF_MINUTES)) - 1]


def _clean(line: bytes) -> str:
	text = line.decode("utf-8", "replace")
	if not text.isprintable():
		text = "".join(char if char.isprintable() else " " for char in text)
	return " ".join(text.split())
