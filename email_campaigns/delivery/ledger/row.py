"""A row of the ledger, as the engine passes it on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from email_campaigns.audience.decide import Decision
from email_campaigns.delivery.mailing.mailing import Stream, ab_label

# Values of send_after, later than any time: of a copy whose mail has not been sent yet, and (plus its own
# time) of a mail that waits for the winner of its A/B test, and of a step that waits for its twin. Each is
# sooner than the one before it.
WAITS_FOR_MAIL = 2**53
WAITS_FOR_WINNER = 2**52
WAITS_FOR_TWIN = 2**51
# The lease of a mail whose acceptance was learnt after its own had been taken back, until its batch or the
# recovery settles it. It has ended: whatever asks for a lease above 0 finds none.
LATE_LEASE = -1


@dataclass(frozen=True, slots=True)
class ClaimedMail:
	"""A row of the ledger that one batch holds: a planned mail to one recipient.

	`attempts` counts earlier tries.

	`name` is its number. A copy has the number of its mail in `cc_of`, and the record that the mail is
	written for.
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
		"""The name of the text that this mail is made from, one of Mailing.editions."""
		return self.language or ab_label(self.version)

	@property
	def mail(self) -> int:
		"""The number of this mail, or of the mail that it is a copy of."""
		return self.cc_of or self.name


@dataclass(frozen=True, slots=True)
class MailHeading:
	"""The addresses that a mail and all its copies name in To and Cc."""

	to: str
	cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailSelection:
	"""Mails that leave together, as a condition over the ledger with its values."""

	condition: str
	values: Mapping[str, object]


def mails_of_source(name: str) -> MailSelection:
	"""Return the queue of a Mass Email."""
	return MailSelection("source = %(source)s", {"source": name})


def mails_of_stream(stream: Stream) -> MailSelection:
	"""Return the queue of a stream; its sender is the owner of the rows."""
	return MailSelection(
		"campaign = %(campaign)s AND source_doctype = 'Email Campaign' AND step = %(step)s"
		" AND owner = %(sender)s",
		{"campaign": stream.campaign, "step": stream.step, "sender": stream.sender},
	)


@dataclass(frozen=True, slots=True)
class EndedMail:
	"""The outcome of one claimed mail.

	`late` is true if its lease was taken back before the server's acceptance was known. A copy has the number
	of its mail in `cc_of`.
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
	"""A row to be written to the ledger.

	`send_after` is in Unix seconds; `is_seed` marks a member of the seed group.

	`source` is the enrolment of a drip sequence, "" for the mailing itself; `version` is that of the A/B
	test.
	"""

	decision: Decision
	language: str = ""
	send_after: int = 0
	is_seed: bool = False
	source: str = ""
	version: str = ""
