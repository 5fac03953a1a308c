"""The lift of a mailing: its people compared with a hold-out group, as a difference of two shares. Pure.

The interval for one share is Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927, 209-212),
the one for the difference Newcombe's hybrid score interval, method 10 without continuity correction (R. G.
Newcombe, Statistics in Medicine 17, 1998, 873-890). Unlike the textbook intervals they hold for small groups
and for shares near 0, such as these.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class LiftGroup:
	"""A group of `size` people of whom `events` did something; 0 <= events <= size."""

	events: int
	size: int

	@property
	def share(self) -> float:
		"""The share of people who did it, from 0 to 1. Raises ZeroDivisionError for an empty group."""
		return self.events / self.size


@dataclass(frozen=True, slots=True)
class Lift:
	"""The shares of the two groups, from 0 to 1, and their difference with its interval, from -1 to 1.

	`difference` is `mailed` minus `held_out`, `low` to `high` its interval. `relative` is the difference as a
	multiple of the held-out share, None where that is 0. The lift is `significant` where the interval
	excludes 0.
	"""

	mailed: float
	held_out: float
	difference: float
	low: float
	high: float
	relative: float | None
	significant: bool


def wilson(group: LiftGroup, z: float = _Z) -> tuple[float, float]:
	"""Return the score interval (low, high) of a group's share at `z` standard deviations; no empty group."""
	n, p = group.size, group.share
	middle, spread = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
	whole = 1 + z * z / n
	return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def newcombe(first: LiftGroup, second: LiftGroup, z: float = _Z) -> tuple[float, float]:
	"""Return the interval (low, high) of first.share - second.share; neither group may be empty."""
	(low1, high1), (low2, high2) = wilson(first, z), wilson(second, z)
	p1, p2 = first.share, second.share
	below = sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
	above = sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
	return max(-1.0, p1 - p2 - below), min(1.0, p1 - p2 + above)


def lift(mailed: LiftGroup, held_out: LiftGroup) -> Lift | None:
	"""Return what the mailing changed; None where a group is empty."""
	if not (mailed.size and held_out.size):
		return None
	low, high = newcombe(mailed, held_out)
	difference = mailed.share - held_out.share
	return Lift(
		mailed=mailed.share,
		held_out=held_out.share,
		difference=difference,
		low=low,
		high=high,
		relative=difference / held_out.share if held_out.events else None,
		significant=low > 0 or high < 0,
	)
