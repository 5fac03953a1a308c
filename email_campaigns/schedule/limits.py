"""How many mails may leave now, under any number of limits at once. Pure: counts and times in, counts and times out.

A limit is a snapshot: it holds what was counted at a moment and answers for that moment. Who claims takes the
strictest answer, under a lock, and counts anew for the next claim. A deadline is no limit: the caller stops by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MINUTE = 60
HOUR = 3600
UNLIMITED = 2**31
LEAD = MINUTE  # jobs look once a minute, so what is due until the next look may go at this one


class Limit(Protocol):
	"""What every limit answers; `now` and the times returned are Unix seconds."""

	@property
	def name(self) -> str:
		"""What people call it."""

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, from 0; UNLIMITED where it sets no bound."""

	def opens_at(self, now: int) -> int:
		"""Return the earliest time at which there may be room; `now` where it may be at once."""


@dataclass(frozen=True, slots=True)
class Rolling:
	"""At most `limit` mails in any 60 minutes (0: no limit), told from what the last 60 minutes held.

	`sent` left in (now - 60 min, now], the earliest of them at `oldest` (Unix seconds, None where there is none);
	`reserved` are claimed and have not left.

	The proof that it holds: a claim at time c is granted only when what left in (c - 60 min, c] and what is still
	claimed are together below the limit. Whatever leaves in a window ending at t >= c is part of these two and of
	later claims, and the last of those made the same check.
	"""

	name: str
	limit: int
	sent: int
	reserved: int = 0
	oldest: int | None = None

	def room(self, now: int) -> int:
		return max(0, self.limit - self.sent - self.reserved) if self.limit > 0 else UNLIMITED

	def opens_at(self, now: int) -> int:
		"""Where only claims that are still being sent fill the hour, it opens when they are settled: `now`."""
		if self.room(now) or self.oldest is None:
			return now
		return max(now, self.oldest + HOUR)


@dataclass(frozen=True, slots=True)
class Spread:
	"""The mails of one mailing spread evenly from `anchor` to `ends` (Unix seconds); after that everything may go.

	`anchor` is when the mailing started or was last resumed: a new anchor at each resumption is what keeps the time
	of a pause from being made up for in one burst, where an outage, which moves no anchor, is caught up with.
	`planned` mails had not left at the anchor, those then claimed among them; `waiting` of these are not claimed now.
	By a moment t the line allows planned * (t + one minute - anchor) / (ends - anchor) of them, rounded down, so that
	the last may be claimed a minute before the end and leaves by it.
	"""

	name: str
	anchor: int
	ends: int
	planned: int
	waiting: int

	@property
	def gone(self) -> int:
		"""How many of the planned mails have left or are claimed."""
		return max(0, self.planned - self.waiting)

	def line(self, now: int) -> int:
		"""Return how many of the planned mails may have been claimed by `now`, from 0 to `planned`."""
		elapsed = max(0, now + LEAD - self.anchor)
		return min(self.planned, self.planned * elapsed // self._span)

	def reaches(self, count: int) -> int:
		"""Return the Unix time from which `count` of the planned mails may have been claimed, `ends` at the latest."""
		if count > self.planned:
			return self.ends
		return min(self.ends, self.anchor - LEAD - (-count * self._span // max(1, self.planned)))

	def room(self, now: int) -> int:
		return max(0, self.line(now) - self.gone) if now < self.ends else UNLIMITED

	def opens_at(self, now: int) -> int:
		return max(now, self.reaches(self.gone + 1))

	@property
	def _span(self) -> int:
		return max(1, self.ends - self.anchor)


def strictest(limits: Iterable[Limit], wanted: int, now: int) -> tuple[int, str]:
	"""Return how many of `wanted` mails may be claimed at `now` (Unix seconds), from 0 to `wanted`, and the name of
	the limit that holds it below `wanted`: the first of the strictest, "" where none does."""
	granted, name = max(0, wanted), ""
	for limit in limits:
		room = limit.room(now)
		if room < granted:
			granted, name = room, limit.name
	return granted, name


def opens(limits: Iterable[Limit], now: int) -> tuple[int, str]:
	"""Return the Unix time at which all limits may have room, and the name of the one that is last: `now` and ""
	where none holds anything up."""
	latest, name = now, ""
	for limit in limits:
		at = limit.opens_at(now)
		if at > latest:
			latest, name = at, limit.name
	return latest, name


@dataclass(frozen=True, slots=True)
class Limits:
	"""`shared` holds for every mail, `domains` for those to recipients of a domain that has a limit.

	`deadline` in Unix seconds, 0 where there is none: from then on nothing may go.
	"""

	shared: tuple[Limit, ...] = ()
	domains: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
	deadline: int = 0

	def grant(self, wanted: int, now: int) -> int:
		"""Return how many of `wanted` mails may be claimed now."""
		return 0 if self.expired(now) else strictest(self.shared, wanted, now)[0]

	def by_domain(self, wanted: int, now: int) -> dict[str, int]:
		"""Return how many of `wanted` mails may go to each domain that has a limit."""
		return {domain: strictest(limits, wanted, now)[0] for domain, limits in self.domains.items()}

	def opens(self, now: int) -> tuple[int, str]:
		"""Return when the next mail may go (Unix seconds), and the name of the limit that holds it, "" where none does."""
		return opens(self.shared, now)

	def expired(self, now: int) -> bool:
		return 0 < self.deadline <= now
