"""The ledger and the mail server in memory, behind the seams of the send loop: its Journal and Session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.sending.journal import JournalAnswer, JournalStep
from email_campaigns.delivery.smtp.session import ConnectionLost, Refused, Reply
from email_campaigns.text import Sentence

SENDER = "news@example.org"


class Killed(BaseException):
	"""The process ends here: none of its code runs afterwards."""


@dataclass
class Row:
	"""One mail of the ledger. `claim` is the token of the batch that holds it."""

	name: int
	email: str
	status: str = "Queued"
	reason: str = ""
	claim: str = ""
	attempts: int = 0
	delay: int = 0
	bounced: bool = False
	provider_id: str = ""


class Ledger:
	"""The rows of one mailing, with claims and recovery as in the real ledger;

	`in_process` as on its form.
	"""

	def __init__(self, emails: Iterable[str]):
		self.rows = {name: Row(name, email) for name, email in enumerate(emails, 1)}
		self.in_process = True
		self.suppressed: set[str] = set()

	def claim(self, token: str, size: int = 1000) -> list[Letter]:
		"""Claim Queued rows, whenever they are due, and return their letters."""
		free = [row for row in self.rows.values() if row.status == "Queued" and not row.claim][:size]
		for row in free:
			row.claim = token
		return [
			Letter(row.name, row.email, f"<{row.name}>", f"mail {row.name}".encode(), attempts=row.attempts)
			for row in free
		]

	def settle(self, token: str) -> None:
		for row in self.rows.values():
			if row.claim == token and row.status != "Sending":
				row.claim = ""

	def recover(self) -> None:
		"""Take back every claim, as after the end of its lease."""
		for row in self.rows.values():
			if row.claim and row.status == "Sending":
				row.status, row.reason = "Uncertain", "broke off"
			row.claim = ""

	def statuses(self) -> Counter:
		return Counter(row.status for row in self.rows.values())


class MemoryJournal:
	"""Implements Journal and GroupJournal on a Ledger.

	Before each write `dies` says whether the process ends there.
	"""

	def __init__(self, ledger: Ledger, token: str = "batch", dies=lambda: False):
		self.ledger, self.token, self.dies = ledger, token, dies
		self.writes, self.groups = 0, []

	def advance(self, accepted: Letter | None, following: Letter | None) -> JournalAnswer:
		self._before_write()
		if accepted:
			row = self.ledger.rows[accepted.name]
			assert row.status in ("Sending", "Uncertain"), f"{row} was never Sending"
			row.status, row.provider_id = "Sent", accepted.receipt
		return self._follow(self.ledger.rows[following.name]) if following else JournalAnswer.GO

	def advance_all(self, steps: Sequence[JournalStep]) -> list[JournalAnswer]:
		self.groups.append(len(steps))
		return [self.advance(*step) for step in steps]

	def _follow(self, row: Row) -> JournalAnswer:
		if not self.ledger.in_process:
			return JournalAnswer.STOP
		if row.claim != self.token:
			return JournalAnswer.FENCED
		if row.status != "Queued":
			return JournalAnswer.SKIP
		if row.email in self.ledger.suppressed:
			row.status, row.reason = "Skipped", "suppressed"
			return JournalAnswer.SKIP
		row.status, row.attempts = "Sending", row.attempts + 1
		return JournalAnswer.GO

	def fail(self, letter: Letter, reason: Sentence | str, *, bounced: bool = False) -> None:
		self._end(letter, status="Failed", reason=str(reason), bounced=bounced)

	def postpone(self, letter: Letter, reason: Sentence | str, delay: int) -> None:
		self._end(letter, status="Queued", reason=str(reason), delay=delay, attempts=letter.attempts + 1)

	def give_back(self, letter: Letter) -> None:
		self._end(letter, status="Queued", attempts=letter.attempts)

	def doubt(self, letter: Letter, reason: Sentence | str) -> None:
		self._end(letter, status="Uncertain", reason=str(reason))

	def _end(self, letter: Letter, **values) -> None:
		self._before_write()
		row = self.ledger.rows[letter.name]
		if row.claim == self.token and row.status in ("Queued", "Sending"):
			for field, value in values.items():
				setattr(row, field, value)

	def _before_write(self) -> None:
		if self.dies():
			raise Killed
		self.writes += 1


class MemoryServer:
	"""Answers each mail by a script {number of the mail, from 1: answer}, and accepts all others.

	Answers: ("refuse", stage, code), or with a finer code and a text behind it · ("lose", "rcpt") before the
	body · ("lose", "content", delivered) after it · ("die", stage) and ("die", "content", delivered): the
	process of the client ends. The stage "propose"
	is an address that can't be written. With a `ledger`, each body that leaves is checked against its row.
	A connection takes `most` mails, and refuses the others with 452.
	"""

	def __init__(
		self,
		script: dict[int, tuple] | None = None,
		ledger: Ledger | None = None,
		*,
		pipelining: bool = True,
		most: int = 10**9,
	):
		self.script, self.ledger, self.pipelining, self.most = script or {}, ledger, pipelining, most
		self.delivered: list[str] = []
		self.seen = self.connections = self.quits = self.proposed = 0
		self.note: Callable[[str, str], object] = lambda sender, recipient: None  # gets each envelope

	def connect(self) -> FakeSession:
		self.connections += 1
		return FakeSession(self)

	def status(self, recipient: str) -> str:
		return next(row.status for row in self.ledger.rows.values() if row.email == recipient)


class FakeSession:
	"""The methods of a Session that the send loop uses."""

	def __init__(self, server: MemoryServer):
		self.server, self.alive, self.under_way = server, True, None
		self.recipient, self.before, self.answer, self.in_data = "", "", (), False
		self.taken = 0

	def propose(self, sender: str, recipient: str) -> None:
		ready = self.alive and not self.under_way and not self.in_data
		assert ready, "a mail was proposed to a session that is not ready for it"
		self.server.proposed += 1
		self._ask(sender, recipient)

	def confirm(self) -> None:
		assert self.under_way, "nothing was proposed"
		self.recipient, self.under_way = self.under_way, None
		self._answer("rcpt")
		self.in_data = True

	def transmit(self, content: bytes, following: tuple[str, str] | None = None) -> str:
		assert self.in_data, "a body was sent that nobody waits for"
		self._assert_order()
		self.in_data, self.before = False, self.recipient
		try:
			self._answer("content")
			self.server.delivered.append(self.recipient)
			self.taken += 1
		finally:
			if following and self.alive and self.server.pipelining and self._can_be_written():
				self._ask(*following)
		return f"id-of-{self.recipient}"

	def withdraw(self) -> None:
		assert self.under_way, "nothing was proposed"
		self.under_way = None
		if self.server.pipelining:
			self.abandon()

	def abandon(self) -> None:
		self.alive, self.under_way, self.in_data = False, None, False

	def close(self) -> None:
		self.server.quits += self.alive and not self.under_way and not self.in_data
		self.abandon()

	def _assert_order(self) -> None:
		if self.server.ledger:
			assert self.server.status(self.recipient) == "Sending", "a body left before the journal said so"
			if self.before not in ("", self.recipient):
				assert self.server.status(self.before) != "Sending", "two mails of one session are in doubt"

	def _can_be_written(self) -> bool:
		return self.server.script.get(self.server.seen + 1, ())[1:2] != ("propose",)

	def _ask(self, sender: str, recipient: str) -> None:
		self.server.seen += 1
		self.server.note(sender, recipient)
		self.answer = self.server.script.get(self.server.seen, ())
		if self.taken >= self.server.most:
			self.answer = ("refuse", "rcpt", 452, "4.5.3", "Too many mails in this connection")
		self._answer("propose")
		self.under_way = recipient

	def _answer(self, stage: str) -> None:
		if self.answer[1:2] != (stage,):
			return
		if self.answer[0] == "die":
			self._deliver_if_scripted()
			self.alive = False
			raise Killed
		if self.answer[0] == "refuse":
			if self.answer[2] == 421:
				self.abandon()
			enhanced, text = ("", *(self.answer[3:] or ("no",)))[-2:]
			raise Refused(stage, Reply(self.answer[2], enhanced, text))
		if self.answer[0] == "lose":
			self._deliver_if_scripted()
			self.abandon()
			raise ConnectionLost(stage, stage == "content", "gone")

	def _deliver_if_scripted(self) -> None:
		if self.answer[2:] == (True,):
			self.server.delivered.append(self.recipient)
