"""The send loop over one batch of claimed mails. Pure: journal, connection and clock are passed in.

The order is the promise. First the envelope of a mail is proposed, unless it has left already behind the
content of the mail before. Then one durable statement of the journal marks the mail before Sent and this one
Sending. Only then its content leaves. Whatever kills the process, at most one mail of this session is in
doubt, since an envelope without content delivers nothing.

A refused mail is given back at once, and the breaker says what comes next: the end of the mail may have to
wait until it is known whether the server means this mail or everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from threading import Event

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.breaker import (
	Advice,
	Breaker,
	BreakerVerdict,
	SessionRecord,
	Suspect,
	is_about_this_mail,
)
from email_campaigns.delivery.sending.journal import Failure, Journal, JournalAnswer, Tally
from email_campaigns.delivery.sending.letters import PeekableLetters
from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.replies import ReplyMeaning, backoff
from email_campaigns.delivery.smtp.session import (
	ConnectionLost,
	Refused,
	Session,
	TemporarilyUnavailable,
	Unavailable,
)
from email_campaigns.text import Sentence, _lt

# Mails in a row; a single row can lose its claim alone, as that of a person who was forgotten.
FENCED_UNTIL_STOP = 2

IN_DOUBT = _lt("{0} The server may have taken the mail.")
LOST_IN_A_ROW = _lt("The mail server broke the connection {0} times in a row: {1}")
REFUSED_IN_A_ROW = _lt("The mail server refused {0} mails in a row: {1}")
GIVEN_UP = _lt("Given up after {0} attempts. {1}")


class NoFurtherSession(Exception):
	"""The server takes no further session beside those of this job, which go on without this one."""


class SendLoop:
	"""Sends letters over one session; ends early at `deadline`, on STOP, or when the server gives no session.

	`sender` is the envelope's sender of letters that have none of their own. `connect` returns a Session, or
	raises Unavailable or NoFurtherSession. `clock` returns seconds on the steady scale of `deadline`. A mail
	fails after `max_attempts` tries. Loops that share `halt` end together: the first that has a reason to
	stop sets it. They share a `breaker` too.
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
		breaker: Breaker | None = None,
	):
		self.sender = sender
		self.journal = journal
		self.connect = connect
		self.max_attempts = max_attempts
		self.clock = clock
		self.deadline = deadline
		self.halt = halt or Event()
		self.breaker = breaker or Breaker()
		self.record = SessionRecord(id(self), 0)
		self.tally = Tally()
		self.letters = PeekableLetters(())
		self.session: Session | None = None
		self.accepted: Letter | None = None
		self.fenced = 0
		self.retired = False

	def run(self, letters: Iterable[Letter]) -> Tally:
		"""Send until the letters end or there is a reason to stop, and return the tally of this run."""
		self.tally = Tally()
		self.letters = PeekableLetters(letters)
		self.fenced = FENCED_UNTIL_STOP - 1  # where the first mail is, the whole batch is
		self.breaker.join(id(self))
		try:
			self._send_all()
			for suspect in self.breaker.leave(id(self)):
				self._end(suspect)
		except BaseException as error:
			self.halt.set()
			self.drop()
			self.breaker.trip()
			self.breaker.leave(id(self))
			if isinstance(error, Exception):
				with suppress(Exception):  # the server has taken this mail, whatever came then
					self._settle_accepted()
			raise
		return self.tally

	def _send_all(self) -> None:
		for letter in self.letters:
			if self.halt.is_set():
				break
			self._take(letter)
			if self.retired:
				break
		if self.session and self.session.under_way:
			self.drop()  # the server waits for a body that will not come, and delivers nothing
		self._settle_accepted()

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
			session = self.session or self._open()
			if session.under_way != letter.email:
				session.propose(letter.sender or self.sender, letter.email)
			following = self._next_envelope()
			if self._may_leave(letter, session):
				session.confirm()
				self._note_accepted(letter, session.transmit(letter.content, following))
		except NoFurtherSession:
			self.retired = True
			self.journal.give_back(letter)
		except TemporarilyUnavailable as error:
			self._give_back(letter)
			self._hold(error.sentence)
		except Unavailable as error:
			self._give_back(letter)
			self._pause(error.sentence)
		except Refused as refusal:
			self._handle_refusal(letter, refusal)
		except ConnectionLost as loss:
			self._handle_loss(letter, loss)

	def _open(self) -> Session:
		self.session = self.connect()
		self.record = self.breaker.open_session(id(self))
		return self.session

	def _next_envelope(self) -> tuple[str, str] | None:
		# Rendered before this mail is marked Sending, so that a fault of the next one cannot put this one in
		# doubt
		letter = self.letters.peek()
		return (letter.sender or self.sender, letter.email) if letter and not letter.problem else None

	def _may_leave(self, letter: Letter, session: Session) -> bool:
		answer = self.journal.advance(self.accepted, letter)
		self.accepted = None  # not before: where the journal fails, `run` tries once more
		if answer is JournalAnswer.GO:
			self.fenced = 0
			return True
		session.withdraw()
		if not session.alive:
			self.session = None
		self._note_kept_back(answer)
		return False

	def _note_kept_back(self, answer: JournalAnswer) -> None:
		self.fenced = self.fenced + 1 if answer is JournalAnswer.FENCED else 0
		if answer is JournalAnswer.STOP or self.fenced >= FENCED_UNTIL_STOP:
			self.halt.set()
		else:
			self.tally.skipped += 1

	def _note_accepted(self, letter: Letter, receipt: str) -> None:
		self.accepted = replace(letter, receipt=receipt) if receipt else letter
		self.tally.sent += 1
		if decided := self.breaker.accept(self.record):
			self._settle_accepted()
			for suspect in decided:
				self._end(suspect)

	def _settle_accepted(self) -> None:
		if self.accepted:
			self.journal.advance(self.accepted, None)
			self.accepted = None

	def _handle_refusal(self, letter: Letter, refusal: Refused) -> None:
		closed = bool(self.session and not self.session.alive)
		if closed:
			self.drop()
		meaning, reason = judge_refusal(refusal)
		suspect = Suspect(letter, meaning, reason, self.record)
		if is_about_this_mail(meaning, refusal.reply):
			self._settle_accepted()
			self._end(suspect)
			return
		self._give_back(letter)
		if meaning is ReplyMeaning.PAUSE:
			self._pause(reason)
		else:
			self._follow(self.breaker.refuse(suspect, refusal, closed=closed), REFUSED_IN_A_ROW, reason)

	def _handle_loss(self, letter: Letter, loss: ConnectionLost) -> None:
		self.drop()
		if loss.maybe_accepted:
			self._settle_accepted()
			self.journal.doubt(letter, Sentence(IN_DOUBT, loss.sentence))
			self.tally.uncertain += 1
		else:
			self._give_back(letter)
		suspect = Suspect(letter, ReplyMeaning.RETRY, loss.sentence, self.record)
		self._follow(self.breaker.lose(suspect, loss), LOST_IN_A_ROW, loss.sentence)

	def _follow(self, verdict: BreakerVerdict, problem: str, words: Sentence) -> None:
		if verdict.advice is Advice.NEW_SESSION:
			self.drop()
			self.letters.put_back(verdict.again)
		elif verdict.advice is Advice.FEWER:
			self.drop()
			self.retired = True
		elif verdict.advice is Advice.HOLD:
			self._hold(words)
		elif verdict.advice is Advice.PAUSE:
			self._pause(Sentence(problem, verdict.length, words))

	def _end(self, suspect: Suspect) -> None:
		"""Give a refused mail the end that its refusal asks for."""
		letter, meaning, reason, _session = suspect
		if meaning in (ReplyMeaning.RETRY, ReplyMeaning.THROTTLED):
			self._postpone(letter, reason)
		else:
			self._fail(letter, reason, bounced=meaning is ReplyMeaning.BOUNCED)

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

	def _give_back(self, letter: Letter) -> None:
		self._settle_accepted()
		self.journal.give_back(letter)

	def _hold(self, words: Sentence) -> None:
		self.drop()
		self.breaker.hold(words)
		self.halt.set()
		self.tally.hold = words

	def _pause(self, problem: Sentence) -> None:
		self.drop()
		self.breaker.trip()
		self.halt.set()
		self.tally.problem = problem
