"""Limits: how many mails may leave now, under any number of them at once. Pure.

A limit is a snapshot: it holds what was counted at a moment and answers for that moment. A job that claims
mails takes the strictest answer, under a lock, and counts anew for its next claim. A deadline is not a limit:
the caller stops at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MINUTE = 60
HOUR = 3600
UNLIMITED = 2**31
LEAD = MINUTE  # jobs look once a minute, so mails that are due before the next look may leave at this one


class Limit(Protocol):
	"""The questions that every limit answers; `now` and the times returned are Unix seconds."""

	@property
	def name(self) -> str:
		"""The limit's name for people."""

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, 0 or more; UNLIMITED where the limit sets no bound."""

	def opens_at(self, now: int) -> int:
		"""Return the earliest time at which there may be room, `now` where there may be at once."""


@dataclass(frozen=True, slots=True)
class Rolling:
	"""At most `limit` mails in any 60 minutes (0: no limit), judged by the mails of the last 60 minutes.

	`sent` mails left in (now - 60 min, now], the earliest of them at `oldest` (Unix seconds, None where there
	is none); `reserved` mails are claimed and have not left.

	The proof that it holds: a claim at time c is granted only where the mails that left in (c - 60 min, c]
	and those still claimed are together below the limit. Every mail that leaves in a window ending at t >= c
	is one of these or of a later claim, and the last of the claims made the same check.
	"""

	name: str
	limit: int
	sent: int
	reserved: int = 0
	oldest: int | None = None

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, UNLIMITED without a limit."""
		return max(0, self.limit - self.sent - self.reserved) if self.limit > 0 else UNLIMITED

	def opens_at(self, now: int) -> int:
		"""Return when the oldest mail leaves the hour, `now` where only mails being sent fill it."""
		if self.room(now) or self.oldest is None:
			return now
		return max(now, self.oldest + HOUR)


@dataclass(frozen=True, slots=True)
class Spread:
	"""The mails of a mailing spread evenly from `anchor` to `ends` (Unix seconds); then all may leave.

	`anchor` is when the mailing started or was last resumed. Each resumption moves the anchor, so the mails
	of a pause do not leave in one burst afterwards; an outage does not move it, so its mails are caught up.
	`planned` mails had not left at the anchor, mails claimed at that moment included; `waiting` of them are
	not claimed now. By a moment t the line allows planned * (t + one minute - anchor) / (ends - anchor) of
	them, rounded down, so that the last may be claimed a minute before the end and leaves by then.
	"""

	name: str
	anchor: int
	ends: int
	planned: int
	waiting: int

	@property
	def gone(self) -> int:
		"""The number of planned mails that have left or are claimed."""
		return max(0, self.planned - self.waiting)

	def line(self, now: int) -> int:
		"""Return how many of the planned mails may have been claimed by `now`, from 0 to `planned`."""
		elapsed = max(0, now + LEAD - self.anchor)
		return min(self.planned, self.planned * elapsed // self._span)

	def reaches(self, count: int) -> int:
		"""Return the Unix time from which `count` mails may have been claimed, `ends` at the latest."""
		if count > self.planned:
			return self.ends
		return min(self.ends, self.anchor - LEAD - (-count * self._span // max(1, self.planned)))

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, UNLIMITED after the end."""
		return max(0, self.line(now) - self.gone) if now < self.ends else UNLIMITED

	def opens_at(self, now: int) -> int:
		"""Return the first time from `now` on at which one more mail may be claimed."""
		return max(now, self.reaches(self.gone + 1))

	@property
	def _span(self) -> int:
		return max(1, self.ends - self.anchor)


@dataclass(frozen=True, slots=True)
class Waiting:
	"""Nothing before `until` (Unix seconds), then one mail, whose fate decides what comes next."""

	name: str
	until: int

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, 0 or 1."""
		return int(now >= self.until)

	def opens_at(self, now: int) -> int:
		"""Return the end of the wait, `now` where it is over."""
		return max(now, self.until)


@dataclass(frozen=True, slots=True)
class Closed:
	"""Nothing before `until` (Unix seconds), then no limit."""

	name: str
	until: int

	def room(self, now: int) -> int:
		"""Return how many mails may be claimed now, UNLIMITED after the end."""
		return UNLIMITED if now >= self.until else 0

	def opens_at(self, now: int) -> int:
		"""Return the end of the wait, `now` where it is over."""
		return max(now, self.until)


def strictest(limits: Iterable[Limit], wanted: int, now: int) -> tuple[int, str]:
	"""Return how many of `wanted` mails may be claimed at `now` (Unix seconds), and the limit that decides.

	The number is from 0 to `wanted`. The limit is the name of the first of the strictest, "" where no limit
	holds the number below `wanted`.
	"""
	granted, name = max(0, wanted), ""
	for limit in limits:
		room = limit.room(now)
		if room < granted:
			granted, name = room, limit.name
	return granted, name


def opens(limits: Iterable[Limit], now: int) -> tuple[int, str]:
	"""Return the Unix time at which all limits may have room, and the name of the last one to open.

	That is `now` and "" where all may have room at once.
	"""
	latest, name = now, ""
	for limit in limits:
		at = limit.opens_at(now)
		if at > latest:
			latest, name = at, limit.name
	return latest, name


@dataclass(frozen=True, slots=True)
class Rates:
	"""How many mails may leave in any 60 minutes: of the site, of one mailing, and of either to one domain.

	0, or no entry for a domain, means that there is no limit.
	"""

	site: int = 0
	own: int = 0
	site_domains: Mapping[str, int] = field(default_factory=dict)
	own_domains: Mapping[str, int] = field(default_factory=dict)

	def is_below(self, earlier: Rates) -> bool:
		"""Tell whether a rate is lower than it was, so that mails claimed under it may be too many now."""
		return (
			_is_lower(self.site, earlier.site)
			or _is_lower(self.own, earlier.own)
			or _any_lower(self.site_domains, earlier.site_domains)
			or _any_lower(self.own_domains, earlier.own_domains)
		)


def _any_lower(rates: Mapping[str, int], earlier: Mapping[str, int]) -> bool:
	return any(_is_lower(rate, earlier.get(domain, 0)) for domain, rate in rates.items())


def _is_lower(rate: int, earlier: int) -> bool:
	return rate > 0 and (earlier <= 0 or rate < earlier)


@dataclass(frozen=True, slots=True)
class Limits:
	"""All limits of a queue: `shared` hold for every mail, `domains` for the mails to a domain with a limit.

	From `deadline` (Unix seconds, 0 for none) on nothing may leave. `rates` are those that the limits hold.
	"""

	shared: tuple[Limit, ...] = ()
	domains: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
	deadline: int = 0
	rates: Rates = field(default_factory=Rates)

	def grant(self, wanted: int, now: int) -> int:
		"""Return how many of `wanted` mails may be claimed at `now` (Unix seconds)."""
		return 0 if self.expired(now) else strictest(self.shared, wanted, now)[0]

	def by_domain(self, wanted: int, now: int) -> dict[str, int]:
		"""Return {domain: how many of `wanted` mails may be claimed} of the domains with a limit."""
		return {domain: strictest(limits, wanted, now)[0] for domain, limits in self.domains.items()}

	def opens(self, now: int) -> tuple[int, str]:
		"""Return when the next mail may leave (Unix seconds), and the limit that delays it or ""."""
		return opens(self.shared, now)

	def expired(self, now: int) -> bool:
		"""Tell whether the deadline is over."""
		return 0 < self.deadline <= now
