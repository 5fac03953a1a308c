"""How many mails may leave now under a limit on every rolling 60 minutes. Pure: counts in, counts out.

The proof that the limit holds: a claim at time c is granted only when what left in (c - 60 min, c] and
what is still claimed are together below the limit. Whatever leaves in a window ending at t >= c is part of
these two and of later claims, and the last of those made the same check.
"""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600
UNLIMITED = 2**31


@dataclass(frozen=True, slots=True)
class Window:
	"""What the last 60 minutes held. `limit` in mails (0: none); `oldest` is the Unix time in seconds of the
	earliest mail in it, None where it is empty."""

	limit: int
	sent: int
	reserved: int = 0
	oldest: int | None = None


def grant(window: Window, wanted: int) -> int:
	"""Return how many of `wanted` mails may be claimed now, from 0 to `wanted`."""
	if window.limit <= 0:
		return wanted
	return max(0, min(wanted, window.limit - window.sent - window.reserved))


def opens_at(window: Window, now: int) -> int:
	"""Return the Unix time in seconds at which one more mail may be claimed; `now` where it may be at once.

	Where only claims that are still being sent fill the window, it opens when they are settled: `now`.
	"""
	if grant(window, 1) or window.oldest is None:
		return now
	return max(now, window.oldest + HOUR)


def strictest(*grants: int) -> int:
	"""Return the smallest of several grants; UNLIMITED where there is none."""
	return min(grants, default=UNLIMITED)
