"""The ledger as a send loop sees it: what it asks and is answered, and the tally of a batch. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.text import Sentence


class JournalAnswer(Enum):
	"""The journal's answer to the question whether a mail may leave."""

	GO = "go"
	SKIP = "skip"  # this mail must not leave any more
	FENCED = "fenced"  # this job does not hold the mail any more
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

	`problem` is the sentence for which the mailing must pause, `hold` the one for which the account waits.
	"""

	sent: int = 0
	skipped: int = 0
	uncertain: int = 0
	postponed: int = 0
	problem: Sentence | str = ""
	hold: Sentence | str = ""
	failures: list[Failure] = field(default_factory=list)

	def __add__(self, other: Tally) -> Tally:
		return Tally(
			sent=self.sent + other.sent,
			skipped=self.skipped + other.skipped,
			uncertain=self.uncertain + other.uncertain,
			postponed=self.postponed + other.postponed,
			problem=self.problem or other.problem,
			hold=self.hold or other.hold,
			failures=self.failures + other.failures,
		)
