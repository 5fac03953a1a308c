"""Counts of a mailing into rates that state what they are a share of. Pure.

Every count is of people: a copy, a colleague of the seed group and a test are in none of them, and whoever got a mail
again is one person. “Human” figures leave out what programs did (scanners, image proxies); “raw” ones have it too.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

SENT, DELIVERED, OPENED = "sent", "delivered", "opened"


@dataclass(frozen=True, slots=True)
class Counts:
	"""People by what became of their mail. `machine_opened` and `machine_clicked` count those of whom only programs
	are known to have opened or clicked; `sent` has what a server refused for good, which `bounced` has too.
	"""

	planned: int = 0
	sent: int = 0
	bounced: int = 0
	opened: int = 0
	clicked: int = 0
	replied: int = 0
	unsubscribed: int = 0
	complained: int = 0
	machine_opened: int = 0
	machine_clicked: int = 0

	@property
	def delivered(self) -> int:
		return max(0, self.sent - self.bounced)

	def raw(self, kind: str) -> int:
		"""Return a count with what programs did: the same where programs leave no trace of that kind."""
		return getattr(self, kind) + getattr(self, f"machine_{kind}", 0)


KINDS = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True)
class Rate:
	"""`human` and `raw` from 0 to 1, None where the base is 0; `of` is the number that `base` names."""

	name: str
	count: int
	raw_count: int
	base: str
	of: int
	human: float | None
	raw: float | None


# What is a share of what. A rate with another base than expected is the commonest quarrel about results.
BASES = {
	"open_rate": ("opened", DELIVERED),
	"click_rate": ("clicked", DELIVERED),
	"click_to_open_rate": ("clicked", OPENED),
	"reply_rate": ("replied", DELIVERED),
	"bounce_rate": ("bounced", SENT),
	"unsubscribe_rate": ("unsubscribed", DELIVERED),
	"complaint_rate": ("complained", DELIVERED),
}
# Of those whom people opened: what programs did on mails that nobody has read says nothing about readers.
_HUMAN_ONLY = ("click_to_open_rate",)


def share(count: int, of: int) -> float | None:
	"""Return count / of, at most 1, or None where there is nothing to be a share of.

	A mail may be reported as undeliverable and be read all the same, so events can outnumber their base.
	"""
	return min(1.0, max(0, count) / of) if of > 0 else None


def rate(name: str, counts: Counts) -> Rate:
	"""Return one of BASES. Raises KeyError for another name."""
	kind, base = BASES[name]
	count, of = getattr(counts, kind), getattr(counts, base)
	raw_count = count if name in _HUMAN_ONLY else counts.raw(kind)
	return Rate(name, count, raw_count, base, of, share(count, of), share(raw_count, of))


def rates(counts: Counts) -> list[Rate]:
	"""Return all rates in the order of BASES."""
	return [rate(name, counts) for name in BASES]


def total(many: list[Counts]) -> Counts:
	"""Add up the counts of several mailings: a person who got three of them is in the sum three times."""
	return Counts(**{kind: sum(getattr(counts, kind) for counts in many) for kind in KINDS})
