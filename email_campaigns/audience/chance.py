"""Draws by chance: the hold-out group of a mailing, and the versions of its A/B test. Pure.

A draw depends on the address and a stored seed alone. So a freeze that was killed and goes on draws the same
again, and people who share an address share the version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from email_campaigns.audience.address import address_key

WHOLE = 2**64  # the number of draws: 8 octets of a hash
PERCENT_LIMIT = 100  # a whole audience can't be held out


def draw_label(seed: str, percent: float, labels: Sequence[str], rest: str) -> Callable[[str], str]:
	"""Return a function that gives a normalised address one of `labels`, or `rest`.

	`percent` (0 to 100) of all addresses share the labels in equal parts. The draw is independent of that of
	a hold-out group, whatever the seeds are.
	"""
	share = min(WHOLE, int(percent / 100 * WHOLE))

	def draw_label(email: str) -> str:
		number = _draw(f"{seed}:version", email)
		return labels[number * len(labels) // share] if number < share else rest

	return draw_label


def hold_out_nobody(email: str) -> bool:
	"""Return False for every address: a mailing without a hold-out group."""
	return False


def hold_out(seed: str, percent: float) -> Callable[[str], bool]:
	"""Return a function that tells whether an address is held out; `percent` is 0 or more, below 100."""
	if percent <= 0:
		return hold_out_nobody
	share = int(percent / 100 * WHOLE)
	return lambda email: _draw(seed, email) < share


def _draw(seed: str, email: str) -> int:
	"""Return a number from 0 to WHOLE - 1, the same for every spelling of an address."""
	return int.from_bytes(sha256(f"{seed}:{address_key(email)}".encode()).digest()[:8], "big")
