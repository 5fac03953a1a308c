"""Who is held out of a mailing, who takes part in its A/B test, and with which version. Pure.

All follows from the address and a stored seed alone: a freeze that was killed and goes on gives everybody the same
again, and people who share an address share the version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from email_campaigns.audience.address import address_key

WHOLE = 2**64
PERCENT_LIMIT = 100  # a whole audience can't be held out


def shares(seed: str, percent: float, labels: Sequence[str], rest: str) -> Callable[[str], str]:
	"""Return a function that gives an address one of `labels`, in equal parts of `percent` of all, or `rest`.

	`percent` from 0 to 100. The draw is independent of a hold-out group's, whatever the seeds are.
	"""
	share = min(WHOLE, int(percent / 100 * WHOLE))

	def label_of(email: str) -> str:
		number = int.from_bytes(sha256(f"{seed}:version:{address_key(email)}".encode()).digest()[:8], "big")
		return labels[number * len(labels) // share] if number < share else rest

	return label_of


def hold_out_nobody(email: str) -> bool:
	return False


def hold_out(seed: str, percent: float) -> Callable[[str], bool]:
	"""Return a function that tells of an address whether it is held out; `percent` from 0 to below 100."""
	if percent <= 0:
		return hold_out_nobody
	share = int(percent / 100 * WHOLE)
	return lambda email: _number(seed, email) < share


def _number(seed: str, email: str) -> int:
	return int.from_bytes(sha256(f"{seed}:{address_key(email)}".encode()).digest()[:8], "big")
