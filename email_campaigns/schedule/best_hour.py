"""The hour of the day at which a recipient reads mail, and when that hour next comes in their zone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.limits import HOUR

DAY = 24 * HOUR
# Today every zone's clock changes at a quarter of an hour of UTC, and every zone's hours begin at one.
QUARTER = 900


def best_hour(own: Mapping[int, int], of_list: Mapping[int, int], default: int) -> int:
	"""Return the hour, 0 to 23 in the recipient's zone, of most opens and clicks.

	`own` and `of_list` count events by hour. The recipient's own events decide where there are any, else
	those of the list; without any events the answer is `default`. Of equal hours the first from `default`
	onwards wins.
	"""
	counts = next((counts for counts in (own, of_list) if any(counts.values())), {default: 1})
	return min(counts, key=lambda hour: (-counts[hour], (hour - default) % 24))


def next_time(start: int, hour: int, zone: str, spread: int = 0) -> int:
	"""Return the first time from `start` on (both Unix seconds) at which it is `hour` (0 to 23) in `zone`.

	That is `start` itself where it is that hour already, and the end of the gap on a day whose clocks skip
	the hour. It lies within 24 hours of `start`, within 25 on the day of a change to winter time.

	`spread` (0 to 3599 seconds) is a number that the caller draws for each recipient, so that not all mails
	leave at once; it is scaled to the rest of the hour and added. Raises UnknownZone, and ValueError where
	`hour` is not from 0 to 23.
	"""
	first, length = _hour_from(start, hour, zone)
	return first + max(0, min(spread, HOUR - 1)) * length // HOUR


# The recipients of a mailing have one start, and few zones and hours among them.
@lru_cache(maxsize=4096)
def _hour_from(start: int, hour: int, zone: str) -> tuple[int, int]:
	"""Return when the hour begins, `start` at the earliest, and how many seconds of it follow."""
	if hour not in range(24):
		raise ValueError(f"{hour} is no hour of a day")
	first = _find_beginning(start, hour, zone)
	return first, _rest_of_hour(first, zone)


def _find_beginning(start: int, hour: int, zone: str) -> int:
	before, moment = in_zone(start, zone), start
	while before.hour != hour:
		moment = _next_quarter(moment)
		wall = in_zone(moment, zone)
		if _skips(before, wall, hour):
			break
		before = wall
	return moment


def _skips(before: datetime, wall: datetime, hour: int) -> bool:
	"""Tell whether the clock was set forward over the beginning of the hour, from `before` to `wall`."""
	tops = (clock.replace(hour=hour, minute=0, second=0) for clock in (before, wall))
	return any(before < top < wall for top in tops)


def _rest_of_hour(first: int, zone: str) -> int:
	hour, moment = in_zone(first, zone).hour, _next_quarter(first)
	while moment < first + HOUR and in_zone(moment, zone).hour == hour:
		moment = _next_quarter(moment)
	return min(moment - first, HOUR)


def _next_quarter(moment: int) -> int:
	return moment - moment % QUARTER + QUARTER
