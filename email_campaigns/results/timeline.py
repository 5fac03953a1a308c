"""Events since the start of a mailing, in steps wide enough for a chart. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

POINTS = 100  # as many as a chart of a form's width can show
STEPS = (1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760)  # hours


@dataclass(frozen=True, slots=True)
class Timeline:
	"""Events by time: `hours` is the width of a step, `points` is {kind: a number for each step from the
	start on}."""

	hours: int
	points: dict[str, list[int]] = field(default_factory=dict)


def step_width(last: int, most: int = POINTS) -> int:
	"""Return the narrowest step, in hours, with which hour 0 to hour `last` are at most `most` steps."""
	return next((step for step in STEPS if last // step < most), -(-(last + 1) // most))


def timeline(events: Iterable[tuple[str, int, int]], kinds: tuple[str, ...], most: int = POINTS) -> Timeline:
	"""Return the Timeline of events (kind, hour since the start, number), as far as they are of `kinds`.

	An event before the start, by a clock that was set back, belongs to the first step.
	"""
	counted = [(kind, max(0, hour), number) for kind, hour, number in events if kind in kinds]
	last = max((hour for _kind, hour, _number in counted), default=-1)
	step = step_width(max(0, last), most)
	points = {kind: [0] * (last // step + 1) for kind in kinds}
	for kind, hour, number in counted:
		points[kind][hour // step] += number
	return Timeline(step, points)
