"""The share of an audience that takes part in a test, and which version each of them gets. Pure.

Both follow from the address and a stored seed alone, as the hold-out group does: a freeze that was killed and goes on
gives everybody the same again, and who shares an address shares the version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from email_campaigns.audience.address import key

WHOLE = 2**64


def by_chance(seed: str, percent: float, labels: Sequence[str], rest: str) -> Callable[[str], str]:
	"""Return a function that gives an address one of `labels`, in equal parts of `percent` of all, or `rest`.

	`percent` from 0 to 100. The draw is independent of a hold-out group's, whatever the seeds are.
	"""
	share = min(WHOLE, int(percent / 100 * WHOLE))

	def label_of(email: str) -> str:
		number = int.from_bytes(sha256(f"{seed}:version:{key(email)}".encode()).digest()[:8], "big")
		return labels[number * len(labels) // share] if number < share else rest

	return label_of
