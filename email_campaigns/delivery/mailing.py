"""The value objects that one send is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from email_campaigns.audience.decide import PER_ADDRESS


@dataclass(frozen=True, slots=True)
class Mailing:
	"""All that a page needs to know of a Mass Email; addresses are normalised, texts are the user's own.

	`sender_user` is whose permission decides which fields of a record a template may show.
	"""

	name: str
	title: str
	campaign: str
	subject: str
	html: str
	sender_user: str
	account: str
	sender_address: str
	sender_name: str
	reply_to: str = ""
	heeds_opt_out: bool = True
	lists: tuple[str, ...] = ()
	excluding: tuple[str, ...] = ()
	duplicate_policy: str = PER_ADDRESS
	doctype: str = "Mass Email"


@dataclass(frozen=True, slots=True)
class Claimed:
	"""A row of the ledger that one page holds: a planned mail to one recipient. `attempts` counts earlier tries."""

	name: int
	email: str
	doctype: str
	record: str
	attempts: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
	"""A claimed mail made ready: `content` is the whole message with CRLF, or `problem` says why there is none."""

	name: int
	email: str
	message_id: str = ""
	content: bytes = b""
	problem: str = ""
	attempts: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
	"""A mail that will not be tried again; `bounced` where the address itself is to blame."""

	letter: Letter
	reason: str
	bounced: bool = False


@dataclass(slots=True)
class Tally:
	"""What became of the mails of a page. `problem` is the sentence for which the whole mailing must pause."""

	sent: int = 0
	skipped: int = 0
	uncertain: int = 0
	postponed: int = 0
	problem: str = ""
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
