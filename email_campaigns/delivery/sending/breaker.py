"""The breaker: what a send loop does when its server refuses mail after mail. Pure.

A refusal is about one mail or about everybody. Its text does not say for certain, the mails around it do. So
refusals in a row are counted over all sessions and jobs of an Email Account. The mails of such a run are
suspects: the journal has given them back, and nobody has failed yet. An acceptance ends the run, and its
suspects get their ends. A run that grows too long trips the breaker, and its suspects stay queued as if they
had not been tried.

Refusals that a server can only mean for one mail (greylisting, a full mailbox, another server's verdict) are
not counted: a whole list may be greylisted, and is accepted in the second round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.runs import LOSS_LIMIT, Book, NoBook, Run
from email_campaigns.delivery.smtp.refusal_key import refusal_key
from email_campaigns.delivery.smtp.replies import ConnectionLost, Refused, Reply, ReplyMeaning
from email_campaigns.text import Sentence

TEMPORARY = (ReplyMeaning.RETRY, ReplyMeaning.THROTTLED)
# Refusals with one key in a row that trip the breaker. A mail that waits loses little, so few temporary ones
# do. Ten people in a row whose mail is refused for good are no chance. Dead addresses stand together in old
# lists, but a directory that has died says 5.1.1 to everybody (Gmail's did on 15 December 2020).
SAME_LIMITS = {
	ReplyMeaning.RETRY: 5,
	ReplyMeaning.THROTTLED: 5,
	ReplyMeaning.FAILED: 10,
	ReplyMeaning.BOUNCED: 25,
}
ANY_LIMIT = 30  # refusals and losses in a row, whatever their keys: a server may say each time another thing
# Dead addresses in a row up to which the end of a batch proves them. Beyond it nobody is suppressed: where
# batches are small, a directory that has died would otherwise cost the addresses of several batches.
PROOF_LIMIT = 5
REFUSALS_FOR_A_NEW_SESSION = 2  # in a row; one that says that there is a limit needs no second

# RFC 3463 §3.2, §3.3: 4.1.x is about an address, 4.2.x about a mailbox
_OF_THIS_MAIL = ("4.1.", "4.2.")
_WORDS_OF_THIS_MAIL = re.compile(r"gr[ae]y-?list|\bsaid: ", re.IGNORECASE)


class Advice(Enum):
	"""What the loop does next, from the mildest on."""

	GO_ON = "go on"
	NEW_SESSION = "new session"  # and try the mails again there at once: the limit may be of the connection
	FEWER = "fewer sessions"  # this loop ends, others go on
	HOLD = "hold"  # the account waits, and goes on by itself
	PAUSE = "pause"  # a person has to look


@dataclass(slots=True)
class SessionRecord:
	"""What a session has seen: mails accepted, and temporary refusals in a row.

	`loop` names its send loop, `number` says how many sessions were opened before it.
	"""

	loop: int
	number: int
	accepted: int = 0
	refused: int = 0


class Suspect(NamedTuple):
	"""A mail that was refused, or whose connection broke, with its end if that was about this mail alone."""

	letter: Letter
	meaning: ReplyMeaning
	reason: Sentence
	session: SessionRecord

	def unproven(self) -> Suspect:
		"""Return the suspect with an end that blames no address."""
		return self._replace(meaning=ReplyMeaning.FAILED) if self.meaning is ReplyMeaning.BOUNCED else self


class BreakerVerdict(NamedTuple):
	"""An advice; with NEW_SESSION the letters to be tried again at once, with PAUSE the length of the run."""

	advice: Advice = Advice.GO_ON
	again: tuple[Letter, ...] = ()
	length: int = 0


@dataclass(slots=True)
class Breaker:
	"""Counts for the send loops of one job. Loops `join` at the start of a batch and `leave` at its end.

	Set `run` to what is stored before a batch. With `probing` the account is just back from a hold, and one
	temporary refusal holds it again.
	"""

	book: Book = field(default_factory=NoBook)
	run: Run = field(default_factory=Run)
	probing: bool = False
	tripped: bool = False
	_loops: set[int] = field(default_factory=set)
	_opened: int = 0
	_loss_counted: int = 0  # sessions that had been opened when a loss was last counted
	_suspects: list[Suspect] = field(default_factory=list)
	_tried_again: set[int] = field(default_factory=set)

	def join(self, loop: int) -> None:
		"""Count a loop that begins its batch."""
		if not self._loops:
			self.tripped = False
			self._tried_again.clear()
		self._loops.add(loop)

	def leave(self, loop: int) -> list[Suspect]:
		"""Count a loop no more, and return the suspects that get their ends: with the last loop, all."""
		self._loops.discard(loop)
		if self._loops:
			return []
		suspects = self._take(self._suspects)
		return suspects if self.run.same <= PROOF_LIMIT else [suspect.unproven() for suspect in suspects]

	def open_session(self, loop: int) -> SessionRecord:
		"""Return the record of a new session of a loop."""
		self._opened += 1
		return SessionRecord(loop, self._opened)

	def accept(self, session: SessionRecord) -> list[Suspect]:
		"""End the run, and return the suspects of this loop, which get their ends."""
		session.accepted += 1
		session.refused = 0
		if self.tripped:
			return []
		if self.run.refusals or self.run.resumed or self.probing:
			self.run, self.probing = Run(), False
			self.book.clear()
		if not self._suspects:
			return []
		return self._take(self._suspects_of(session.loop))

	def refuse(self, suspect: Suspect, refusal: Refused, *, closed: bool = False) -> BreakerVerdict:
		"""Count the refusal of a mail that has been given back; `closed` where it ended the session."""
		session, temporary = suspect.session, suspect.meaning in TEMPORARY
		if self.tripped:
			return BreakerVerdict()
		session.refused = session.refused + 1 if temporary else 0
		if temporary and self._may_be_of_the_connection(suspect, refusal.reply, closed=closed):
			return self._retry(suspect)
		self._suspects.append(suspect)
		key = refusal_key(refusal.stage, refusal.reply)
		self.run = self.book.add(self.run, lambda run: run.refused(key))
		if not temporary:
			return self._pause(self.run.refusals) if self._is_over(suspect.meaning) else BreakerVerdict()
		return self._ease(session) if self._is_over(suspect.meaning) else self._spare(session)

	def lose(self, suspect: Suspect, loss: ConnectionLost) -> BreakerVerdict:
		"""Count a broken connection.

		Its mail has been given back or, where the server may have taken it, is Uncertain. One event, as the
		restart of a server, breaks many connections: those that were open then count once.
		"""
		session = suspect.session
		if self.tripped:
			return BreakerVerdict()
		if not loss.maybe_accepted:
			if session.accepted and suspect.letter.name not in self._tried_again:
				return self._retry(suspect)
			self._suspects.append(suspect)
		if session.number <= self._loss_counted:
			return BreakerVerdict()
		self._loss_counted = self._opened
		self.run = self.book.add(self.run, Run.lost)
		over = self.run.losses >= LOSS_LIMIT or self.run.refusals >= ANY_LIMIT
		return self._pause(self.run.losses) if over else BreakerVerdict()

	def trip(self) -> None:
		"""Leave the suspects untried: sending stops for a reason that has been found elsewhere."""
		self.tripped = True
		self._suspects.clear()

	def hold(self, words: Sentence | str) -> None:
		"""Trip, and let the account wait."""
		self.trip()
		self.book.hold(words)

	def _may_be_of_the_connection(self, suspect: Suspect, reply: Reply, *, closed: bool) -> bool:
		session = suspect.session
		if not session.accepted or suspect.letter.name in self._tried_again:
			return False
		# RFC 5321 §4.2.3: 421 ends the session, 452 is also the answer to one mail or recipient too many
		says_so = closed or suspect.meaning is ReplyMeaning.THROTTLED or reply.code in (421, 452)
		return says_so or session.refused >= REFUSALS_FOR_A_NEW_SESSION

	def _retry(self, suspect: Suspect) -> BreakerVerdict:
		earlier = [
			other
			for other in self._suspects
			if other.session is suspect.session and other.meaning in TEMPORARY
		]
		letters = (*(other.letter for other in self._take(earlier)), suspect.letter)
		self._tried_again.update(letter.name for letter in letters)
		return BreakerVerdict(Advice.NEW_SESSION, letters)

	def _is_over(self, meaning: ReplyMeaning) -> bool:
		if meaning in TEMPORARY:
			limit, factor = 1 if self.probing else SAME_LIMITS[meaning], 1
		else:
			limit, factor = SAME_LIMITS[meaning], 2**self.run.resumed
		return self.run.same >= limit * factor or self.run.refusals >= ANY_LIMIT * factor

	def _spare(self, session: SessionRecord) -> BreakerVerdict:
		"""Do with one session less where a new one was not accepted a mail, while others are."""
		fresh = not session.accepted and session.refused >= REFUSALS_FOR_A_NEW_SESSION
		return self._retire(session) if fresh and len(self._loops) > 1 else BreakerVerdict()

	def _ease(self, session: SessionRecord) -> BreakerVerdict:
		if len(self._loops) > 1:
			return self._retire(session)
		self.trip()
		return BreakerVerdict(Advice.HOLD)

	def _retire(self, session: SessionRecord) -> BreakerVerdict:
		self._take(self._suspects_of(session.loop))
		return BreakerVerdict(Advice.FEWER)

	def _pause(self, length: int) -> BreakerVerdict:
		self.trip()
		self.run = self.run.rested()
		self.book.rest(self.run)
		return BreakerVerdict(Advice.PAUSE, length=length)

	def _suspects_of(self, loop: int) -> list[Suspect]:
		return [suspect for suspect in self._suspects if suspect.session.loop == loop]

	def _take(self, suspects: list[Suspect]) -> list[Suspect]:
		names = {suspect.letter.name for suspect in suspects}
		self._suspects = [other for other in self._suspects if other.letter.name not in names]
		return suspects


def is_about_this_mail(meaning: ReplyMeaning, reply: Reply) -> bool:
	"""Tell whether a refusal can't be about everybody, so that it counts for no run.

	That is one of the app's own (an address that can't be written), and a temporary one about the mailbox,
	by greylisting, or by the recipient's server behind a relay.
	"""
	if isinstance(reply.text, Sentence):
		return True
	if meaning not in TEMPORARY:
		return False
	return reply.enhanced.startswith(_OF_THIS_MAIL) or bool(_WORDS_OF_THIS_MAIL.search(reply.words))
