"""The hour of the day at which a recipient reads mail, and the next time that it is that hour where they live. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.limits import HOUR

DAY = 24 * HOUR
# Wherever a clock is set today, it is set at a quarter of an hour of UTC, and every zone's hours begin at one.
QUARTER = 900


def best_hour(own: Mapping[int, int], of_list: Mapping[int, int], default: int) -> int:
	"""Return the hour, 0 to 23 in the recipient's zone, of most opens and clicks.

	`own` and `of_list` count events by hour. The recipient's own decide where there are any, else those of the list,
	else it is `default`. Of equal hours it is the first from `default` onwards.
	"""
	counts = next((counts for counts in (own, of_list) if any(counts.values())), {default: 1})
	return min(counts, key=lambda hour: (-counts[hour], (hour - default) % 24))


def next_time(start: int, hour: int, zone: str, spread: int = 0) -> int:
	"""Return the first time from `start` on (both Unix seconds) at which it is `hour` (0 to 23) in `zone`.

	That is `start` itself where it is that hour already, and the end of the gap on a day whose clocks leave the hour
	out. It lies within 24 hours of `start`, on the day of a change to winter time within 25.

	`spread` (0 to 3599 seconds), a number that the caller draws for each recipient, is added so that not all leave at
	once; it is scaled to what is left of the hour. Raises UnknownZone, and ValueError for no hour of a day.
	"""
	first, length = _hour_from(start, hour, zone)
	return first + max(0, min(spread, HOUR - 1)) * length // HOUR


@lru_cache(
	maxsize=4096
)  # the recipients of a mailing have the same start, and few zones and hours among them
def _hour_from(start: int, hour: int, zone: str) -> tuple[int, int]:
	"""Return when the hour begins, `start` at the earliest, and how many seconds of it there are from then on."""
	if hour not in range(24):
		raise ValueError(f"{hour} is no hour of a day")
	first = _first(start, hour, zone)
	return first, _rest(first, zone)


def _first(start: int, hour: int, zone: str) -> int:
	before, moment = in_zone(start, zone), start
	while before.hour != hour:
		moment = _next_quarter(moment)
		wall = in_zone(moment, zone)
		if _leaves_out(before, wall, hour):
			break
		before = wall
	return moment


def _leaves_out(before: datetime, wall: datetime, hour: int) -> bool:
	"""Tell whether the clock, which went from `before` to `wall`, was set forward over the beginning of the hour."""
	tops = (clock.replace(hour=hour, minute=0, second=0) for clock in (before, wall))
	return any(before < top < wall for top in tops)


def _rest(first: int, zone: str) -> int:
	hour, moment = in_zone(first, zone).hour, _next_quarter(first)
	while moment < first + HOUR and in_zone(moment, zone).hour == hour:
		moment = _next_quarter(moment)
	return min(moment - first, HOUR)


def _next_quarter(moment: int) -> int:
	return moment - moment % QUARTER + QUARTER
