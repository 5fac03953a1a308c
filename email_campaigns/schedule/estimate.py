"""The estimated end of a mailing, from its limits and its throughput. Pure.

It is a forecast for people; no decision depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from math import ceil

from email_campaigns.schedule.limits import HOUR, Limit, Rolling, Spread

EXPECTED_RATE = 36000  # mails an hour, of a mailing that has sent none yet and that no limit holds up


def ends_at(limits: Iterable[Limit], remaining: int, now: int, per_hour: float) -> int | None:
	"""Return the estimated Unix time at which `remaining` mails, not yet claimed, will have left.

	`limits` all hold at once. `per_hour` is the number of mails that leave in an hour, or are expected to,
	while no limit holds them up. Where it is 0 there is nothing to estimate from, and the answer is None.

	The estimate assumes that the throughput stays, that jobs look often enough to use room as soon as it
	opens, that no other mailing uses the same limits, and that no temporary refusal delays a mail. A spread
	sets the pace at which mails meet the hourly limits; the hourly limit that alone would end last decides.
	Of the mails of the last hour only the number and the earliest are known; the estimate assumes that they
	left one after the other at that pace. Where they left in two bursts, it can be too early by the pause
	between the bursts.
	"""
	if remaining <= 0:
		return now
	if per_hour <= 0:
		return None
	limits, gap = list(limits), HOUR / per_hour
	lines = [limit for limit in limits if isinstance(limit, Spread)]
	others = [limit for limit in limits if not isinstance(limit, Spread)]
	paced = max([now + remaining * gap, *(_end_under(line, remaining, now, gap) for line in lines)])
	pace = (paced - now) / remaining
	return ceil(max([paced, *(_end_under(other, remaining, now, pace) for other in others)]))


@singledispatch
def _end_under(limit: Limit, mails: int, now: int, gap: float) -> float:
	"""Return when the last of `mails` leaves, one every `gap` seconds, if `limit` is the only limit."""
	return limit.opens_at(now) + mails * gap


@_end_under.register
def _end_under_spread(limit: Spread, mails: int, now: int, gap: float) -> float:
	return max(limit.reaches(limit.gone + mails), now + mails * gap)


@_end_under.register
def _end_under_rolling(limit: Rolling, mails: int, now: int, gap: float) -> float:
	unhindered = limit.opens_at(now) + mails * gap
	if limit.limit <= 0:
		return unhindered
	# A mail leaves an hour after the one `limit` places before it, or later.
	own_hours, own_place = divmod(mails - 1, limit.limit)
	hours, place = divmod(min(limit.sent, limit.limit) + limit.reserved + mails - 1, limit.limit)
	return max(
		unhindered,
		now + own_hours * HOUR + own_place * gap,
		_leaving_time(limit, place, now, gap) + hours * HOUR,
	)


def _leaving_time(limit: Rolling, place: int, now: int, gap: float) -> float:
	"""Return when the mail at a place of the hour leaves: first the sent, then the claimed, then the rest."""
	counted = min(limit.sent, limit.limit)  # after a limit was lowered, the earliest mails delay no other
	if place >= counted:
		return now + max(0, place - counted - limit.reserved) * gap
	oldest = now if limit.oldest is None else limit.oldest
	spacing = min(gap, (now - oldest) / limit.sent)
	return oldest + (limit.sent - counted + place) * spacing
