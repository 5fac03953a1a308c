"""The send loop over one batch of claimed mails. Pure: journal, connection and clock are passed in.

The order is the promise. First the envelope of a mail is proposed, unless it has left already behind the
content of the mail before. Then one durable statement of the journal marks the mail before Sent and this one
Sending. Only then its content leaves. Whatever kills the process, at most one mail of this session is in
doubt, since an envelope without content delivers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from threading import Event
from typing import NamedTuple, Protocol

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.smtp.replies import ReplyMeaning, backoff, judge_refusal
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Session, Unavailable
from email_campaigns.text import Sentence, _lt

__all__ = ["Journal", "JournalAnswer", "JournalStep", "MailEnds", "NoFurtherSession", "SendLoop"]

LOSSES_UNTIL_PAUSE = 3

IN_DOUBT = _lt("{0} The server may have taken the mail.")
LOST_IN_A_ROW = _lt("The mail server broke the connection {0} times in a row: {1}")
GIVEN_UP = _lt("Given up after {0} attempts. {1}")


class NoFurtherSession(Exception):
	"""The server takes no further session beside those of this job, which go on without this one."""


class JournalAnswer(Enum):
	"""The journal's answer to the question whether a mail may leave."""

	GO = "go"
	SKIP = "skip"  # this mail must not leave any more: suppressed, or no longer claimed by this job
	STOP = "stop"  # the mailing is not in process any more


class JournalStep(NamedTuple):
	"""One write of a session to the journal: one mail was accepted, and another is to follow."""

	accepted: Letter | None
	following: Letter | None


class MailEnds(Protocol):
	"""The journal's entries for a mail that is not sent. Every call is durable when it returns."""

	def fail(self, letter: Letter, reason: Sentence | str, *, bounced: bool = False) -> None:
		"""Mark a mail Failed; `bounced` where the address itself is at fault."""

	def postpone(self, letter: Letter, reason: Sentence | str, delay: int) -> None:
		"""Queue a mail again, to be tried after `delay` seconds."""

	def give_back(self, letter: Letter) -> None:
		"""Queue a mail again as if it had not been tried."""

	def doubt(self, letter: Letter, reason: Sentence | str) -> None:
		"""Mark a mail Uncertain: it may have been delivered."""


class Journal(MailEnds, Protocol):
	"""The ledger as one session sees it. Every call is durable when it returns."""

	def advance(self, accepted: Letter | None, following: Letter | None) -> JournalAnswer:
		"""Mark one mail Sent and another Sending, and answer whether the latter may leave."""


@dataclass(frozen=True, slots=True)
class Failure:
	"""A mail that will not be tried again; `bounced` where the address itself is at fault."""

	letter: Letter
	reason: Sentence | str
	bounced: bool = False


@dataclass(slots=True)
class Tally:
	"""The outcomes of the mails of a batch, counted.

	`problem` is the sentence for which the mailing must pause.
	"""

	sent: int = 0
	skipped: int = 0
	uncertain: int = 0
	postponed: int = 0
	problem: Sentence | str = ""
	failures: list[Failure] = field(default_factory=list)

	def __add__(self, other: Tally) -> Tally:
		return Tally(
			sent=self.sent + other.sent,
			skipped=self.skipped + other.skipped,
			uncertain=self.uncertain + other.uncertain,
			postponed=self.postponed + other.postponed,
			problem=self.problem or other.problem,
			failures=self.failures + other.failures,
		)


class PeekableLetters:
	"""An iterator over letters that shows the next one before its turn."""

	def __init__(self, letters: Iterable[Letter]):
		self._letters = iter(letters)
		self._seen: list[Letter] = []

	def __iter__(self) -> Iterator[Letter]:
		return self

	def __next__(self) -> Letter:
		return self._seen.pop() if self._seen else next(self._letters)

	def peek(self) -> Letter | None:
		"""Return the next letter without taking it, None at the end."""
		if not self._seen:
			self._seen.extend(islice(self._letters, 1))
		return self._seen[0] if self._seen else None


class SendLoop:
	"""Sends letters over one session; ends early at `deadline`, on STOP, or when the server gives no session.

	`sender` is the envelope's sender. `connect` returns a Session, or raises Unavailable or NoFurtherSession.
	`clock` returns seconds on the steady scale of `deadline`. A mail fails after `max_attempts` tries. Loops
	that share `halt` end together: the first that has a reason to stop sets it.
	"""

	def __init__(  # noqa: PLR0913 -- the whole world of the loop is passed in, by name
		self,
		sender: str,
		journal: Journal,
		connect: Callable[[], Session],
		*,
		max_attempts: int,
		clock: Callable[[], float],
		deadline: float,
		halt: Event | None = None,
	):
		self.sender = sender
		self.journal = journal
		self.connect = connect
		self.max_attempts = max_attempts
		self.clock = clock
		self.deadline = deadline
		self.halt = halt or Event()
		self.tally = Tally()
		self.letters = PeekableLetters(())
		self.session: Session | None = None
		self.accepted: Letter | None = None
		self.losses = 0
		self.retired = False

	def run(self, letters: Iterable[Letter]) -> Tally:
		"""Send until the letters end or there is a reason to stop, and return the tally of this run."""
		self.tally = Tally()
		self.letters = PeekableLetters(letters)
		try:
			for letter in self.letters:
				if self.halt.is_set():
					break
				self._take(letter)
				if self.retired:
					break
		except BaseException:
			self.halt.set()
			self.drop()
			raise
		if self.session and self.session.under_way:
			self.drop()  # the server waits for a body that will not come, and delivers nothing
		self._settle_accepted()
		return self.tally

	def close(self) -> None:
		"""Say QUIT to the server and close the connection. Never raises."""
		if self.session:
			self.session.close()
			self.session = None

	def drop(self) -> None:
		"""Cut the connection, so that nothing more leaves. Never raises."""
		if self.session:
			self.session.abandon()
			self.session = None

	def _take(self, letter: Letter) -> None:
		if self.clock() >= self.deadline:
			self.halt.set()
		elif letter.problem:
			self._fail(letter, letter.problem)
		else:
			self._send(letter)

	def _send(self, letter: Letter) -> None:
		try:
			self.session = self.session or self.connect()
			if self.session.under_way != letter.email:
				self.session.propose(self.sender, letter.email)
			following = self._next_envelope()
			if self._may_leave(letter):
				self.session.confirm()
				self.session.transmit(letter.content, following)
				self._note_accepted(letter)
		except NoFurtherSession:
			self.retired = True
			self.journal.give_back(letter)
		except Unavailable as error:
			self._pause(letter, error.sentence)
		except Refused as refusal:
			self._handle_refusal(letter, refusal)
		except ConnectionLost as loss:
			self._handle_loss(letter, loss)

	def _next_envelope(self) -> tuple[str, str] | None:
		# Rendered before this mail is marked Sending, so that a fault of the next one cannot put this one in
		# doubt
		letter = self.letters.peek()
		return (self.sender, letter.email) if letter and not letter.problem else None

	def _may_leave(self, letter: Letter) -> bool:
		accepted, self.accepted = self.accepted, None
		answer = self.journal.advance(accepted, letter)
		if answer is JournalAnswer.GO:
			return True
		self.drop()
		if answer is JournalAnswer.STOP:
			self.halt.set()
		else:
			self.tally.skipped += 1
		return False

	def _note_accepted(self, letter: Letter) -> None:
		self.accepted = letter
		self.tally.sent += 1
		self.losses = 0

	def _settle_accepted(self) -> None:
		if self.accepted:
			accepted, self.accepted = self.accepted, None
			self.journal.advance(accepted, None)

	def _handle_refusal(self, letter: Letter, refusal: Refused) -> None:
		if self.session and not self.session.alive:
			self.drop()
		self._settle_accepted()
		meaning, reason = judge_refusal(refusal)
		if meaning is ReplyMeaning.PAUSE:
			self._pause(letter, reason)
		elif meaning in (ReplyMeaning.RETRY, ReplyMeaning.THROTTLED):
			self._postpone(letter, reason)
		else:
			self._fail(letter, reason, bounced=meaning is ReplyMeaning.BOUNCED)

	def _handle_loss(self, letter: Letter, loss: ConnectionLost) -> None:
		self.drop()
		self._settle_accepted()
		self.losses += 1
		if loss.maybe_accepted:
			self.journal.doubt(letter, Sentence(IN_DOUBT, loss.sentence))
			self.tally.uncertain += 1
		elif self.losses >= LOSSES_UNTIL_PAUSE:
			self._pause(letter, Sentence(LOST_IN_A_ROW, self.losses, loss.sentence))
		else:
			self._postpone(letter, loss.sentence)

	def _postpone(self, letter: Letter, reason: Sentence) -> None:
		attempt = letter.attempts + 1
		if attempt >= self.max_attempts:
			self._fail(letter, Sentence(GIVEN_UP, attempt, reason))
			return
		self.journal.postpone(letter, reason, backoff(attempt))
		self.tally.postponed += 1

	def _fail(self, letter: Letter, reason: Sentence | str, *, bounced: bool = False) -> None:
		self._settle_accepted()
		self.journal.fail(letter, reason, bounced=bounced)
		self.tally.failures.append(Failure(letter, reason, bounced))

	def _pause(self, letter: Letter, problem: Sentence) -> None:
		self.drop()
		self._settle_accepted()
		self.journal.give_back(letter)
		self.halt.set()
		self.tally.problem = problem
