"""When a mailing will have left, told from its limits and its throughput. Pure, and a forecast: nothing depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from math import ceil

from email_campaigns.schedule.limits import HOUR, Limit, Rolling, Spread


def ends_at(limits: Iterable[Limit], remaining: int, now: int, per_hour: float) -> int | None:
	"""Return the estimated Unix time at which `remaining` mails, not yet claimed, will have left under all `limits`.

	`per_hour` is how many mails an hour leave, or are expected to, while no limit holds them up. None where that is
	0, for then nothing is known to estimate from.

	It assumes that the throughput stays, that jobs look often enough to take room as it opens, that no other mailing
	draws on the same limits, and that no temporary refusal delays a mail. A spread sets the pace at which the hourly
	limits are met; of these, the one that alone would end last governs. Of the mails of the last hour it knows the
	number and the earliest, and takes them to have left one after the other at that pace; where they left in two
	bursts it can be early by what the hour idles between them.
	"""
	if remaining <= 0:
		return now
	if per_hour <= 0:
		return None
	limits, gap = list(limits), HOUR / per_hour
	lines = [limit for limit in limits if isinstance(limit, Spread)]
	others = [limit for limit in limits if not isinstance(limit, Spread)]
	paced = max([now + remaining * gap, *(_alone(line, remaining, now, gap) for line in lines)])
	pace = (paced - now) / remaining
	return ceil(max([paced, *(_alone(other, remaining, now, pace) for other in others)]))


@singledispatch
def _alone(limit: Limit, mails: int, now: int, gap: float) -> float:
	"""Return when the last of `mails` leaves were `limit` the only one, `gap` seconds after the one before."""
	return limit.opens_at(now) + mails * gap


@_alone.register
def _(limit: Spread, mails: int, now: int, gap: float) -> float:
	return max(limit.reaches(limit.gone + mails), now + mails * gap)


@_alone.register
def _(limit: Rolling, mails: int, now: int, gap: float) -> float:
	unhindered = limit.opens_at(now) + mails * gap
	if limit.limit <= 0:
		return unhindered
	# A mail leaves an hour after the one `limit` places before it, or later.
	own_hours, own_place = divmod(mails - 1, limit.limit)
	hours, place = divmod(min(limit.sent, limit.limit) + limit.reserved + mails - 1, limit.limit)
	return max(
		unhindered,
		now + own_hours * HOUR + own_place * gap,
		_place(limit, place, now, gap) + hours * HOUR,
	)


def _place(limit: Rolling, place: int, now: int, gap: float) -> float:
	"""Return when the mail at a place of the hour left or leaves: those sent first, then those claimed, then the rest."""
	counted = min(limit.sent, limit.limit)  # of a limit that was lowered, the earliest are in nobody's way
	if place >= counted:
		return now + max(0, place - counted - limit.reserved) * gap
	oldest = now if limit.oldest is None else limit.oldest
	spacing = min(gap, (now - oldest) / limit.sent)
	return oldest + (limit.sent - counted + place) * spacing
