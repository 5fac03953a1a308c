"""A row of the ledger, as the engine passes it on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from email_campaigns.audience.decide import Decision
from email_campaigns.delivery.mailing.mailing import Stream, ab_label

WAITS_FOR_MAIL = 2**53  # the send_after of a copy whose mail has not been sent yet: later than any time
# The send_after of a mail that waits for the winner is this and its own time: later than any time, and sooner than
# that of a copy that waits for its mail.
WAITS_FOR_WINNER = 2**52


@dataclass(frozen=True, slots=True)
class ClaimedMail:
	"""A row of the ledger that one page holds: a planned mail to one recipient. `attempts` counts earlier tries.

	A copy has the number of its mail in `cc_of`, and the record that the mail was written for.
	"""

	name: int
	email: str
	doctype: str
	record: str
	attempts: int = 0
	language: str = ""
	cc_of: int = 0
	version: str = ""

	@property
	def edition(self) -> str:
		"""The name of the text that this mail has, as Mailing.editions names them."""
		return self.language or ab_label(self.version)

	@property
	def mail(self) -> int:
		"""The mail that this row is, or is a copy of."""
		return self.cc_of or self.name


@dataclass(frozen=True, slots=True)
class MailHeading:
	"""Whom a mail and all its copies name in To and Cc."""

	to: str
	cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailQueue:
	"""Mails that leave together, as a condition over the ledger with its values."""

	condition: str
	values: Mapping


def source_queue(name: str) -> MailQueue:
	return MailQueue("source = %(source)s", {"source": name})


def stream_queue(stream: Stream) -> MailQueue:
	# The name of a user who sends is the owner of the rows.
	return MailQueue(
		"campaign = %(campaign)s AND source_doctype = 'Email Campaign' AND step = %(step)s AND owner = %(sender)s",
		{"campaign": stream.campaign, "step": stream.step, "sender": stream.sender},
	)


@dataclass(frozen=True, slots=True)
class EndedMail:
	"""What became of one claimed mail; `late` if its lease was taken back before the server's acceptance was known.

	A copy has the number of its mail in `cc_of`.
	"""

	source_doctype: str
	source: str
	email: str
	status: str
	reason: str
	bounced: bool
	late: bool
	name: int
	cc_of: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
	"""One row of the ledger to be. `send_after` in Unix seconds; `is_seed` marks a colleague of the seed group; `source`
	is the enrolment in a drip sequence that the row belongs to, "" for the mailing itself; `version` is that of an A/B
	test, as mass_mailing/ab_versions.py has it."""

	decision: Decision
	language: str = ""
	send_after: int = 0
	is_seed: bool = False
	source: str = ""
	version: str = ""
