"""Events since the start of a mailing, in steps wide enough for a chart. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

POINTS = 100  # more than these a chart of a form's width can't show
STEPS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760)  # hours


@dataclass(frozen=True, slots=True)
class Timeline:
	"""`hours` is the width of a step; `points` has for each kind of event one number a step, from the start on."""

	hours: int
	points: dict[str, list[int]] = field(default_factory=dict)


def width(last: int, most: int = POINTS) -> int:
	"""Return the narrowest step, in hours, with which hour 0 to hour `last` are at most `most` steps."""
	return next((step for step in STEPS if last // step < most), -(-(last + 1) // most))


def timeline(events: Iterable[tuple[str, int, int]], kinds: tuple[str, ...], most: int = POINTS) -> Timeline:
	"""Return a Timeline of (kind, hour since the start, number).

	What has an hour before the start, by a clock that was set back, belongs to the first step.
	"""
	found = [(kind, max(0, hour), number) for kind, hour, number in events if kind in kinds]
	last = max((hour for _kind, hour, _number in found), default=-1)
	step = width(max(0, last), most)
	points = {kind: [0] * (last // step + 1) for kind in kinds}
	for kind, hour, number in found:
		points[kind][hour // step] += number
	return Timeline(step, points)
