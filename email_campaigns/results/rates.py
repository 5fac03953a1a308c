"""The counts of a mailing, and its rates, which name what they are a share of. Pure.

Every count is of people: a copy (CC), a colleague of the seed group and a test are in none of them, and a
person who got a mail twice counts once. “Human” figures leave out bots (scanners, image proxies); “raw” ones
include them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

SENT, DELIVERED, OPENED = "sent", "delivered", "opened"


@dataclass(frozen=True, slots=True)
class Counts:
	"""People by what became of their mail.

	`machine_opened` and `machine_clicked` count those whose mail only bots are known to have opened or
	clicked. `sent` includes mails that a server refused for good, which are in `bounced` too.
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
		"""The mails sent less those that bounced, at least 0."""
		return max(0, self.sent - self.bounced)

	def raw(self, kind: str) -> int:
		"""Return the count of a kind with bots: the same number where bots leave no trace of that kind."""
		return int(getattr(self, kind)) + int(getattr(self, f"machine_{kind}", 0))


KINDS = tuple(field.name for field in fields(Counts))


@dataclass(frozen=True, slots=True)
class Rate:
	"""`count` people, `raw_count` with bots, as shares `human` and `raw` of a base, from 0 to 1.

	`base` names the count that they are a share of and `of` is its number; the shares are None where that is
	0.
	"""

	name: str
	count: int
	raw_count: int
	base: str
	of: int
	human: float | None
	raw: float | None


# {rate: (what is counted, what it is a share of)}. People often argue about results because they expect
# another base.
BASES = {
	"open_rate": ("opened", DELIVERED),
	"click_rate": ("clicked", DELIVERED),
	"click_to_open_rate": ("clicked", OPENED),
	"reply_rate": ("replied", DELIVERED),
	"bounce_rate": ("bounced", SENT),
	"unsubscribe_rate": ("unsubscribed", DELIVERED),
	"complaint_rate": ("complained", DELIVERED),
}
# The base is opens by people: a click by a bot on a mail that nobody has read says nothing about readers.
_HUMAN_ONLY = ("click_to_open_rate",)


def share(count: int, base: int) -> float | None:
	"""Return count / base, from 0 to 1, or None where the base is 0.

	A mail may be reported as undeliverable and be read all the same, so events can outnumber their base.
	"""
	return min(1.0, max(0, count) / base) if base > 0 else None


def rate(name: str, counts: Counts) -> Rate:
	"""Return one of BASES. Raises KeyError for another name."""
	kind, base = BASES[name]
	count, base_count = getattr(counts, kind), getattr(counts, base)
	raw_count = count if name in _HUMAN_ONLY else counts.raw(kind)
	human, raw = share(count, base_count), share(raw_count, base_count)
	return Rate(name, count, raw_count, base, base_count, human, raw)


def rates(counts: Counts) -> list[Rate]:
	"""Return all rates in the order of BASES."""
	return [rate(name, counts) for name in BASES]


def total(many: list[Counts]) -> Counts:
	"""Add up the counts of several mailings; a person who got three of them counts three times."""
	return Counts(**{kind: sum(getattr(counts, kind) for counts in many) for kind in KINDS})
