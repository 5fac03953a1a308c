"""The hold-out group: who gets nothing, so that results can be compared with people who were left alone. Pure.

Whether an address belongs to it follows from the address and a stored seed alone, so the group can be shown again,
is the same for every mailing with the same seed, and grows without changing when the share is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from email_campaigns.audience.address import key

PERCENT_LIMIT = 100  # a whole audience can't be held out


def nobody(email: str) -> bool:
	return False


def group(seed: str, percent: float) -> Callable[[str], bool]:
	"""Return a function that tells of an address whether it is held out; `percent` from 0 to below 100."""
	if percent <= 0:
		return nobody
	share = int(percent / 100 * 2**64)
	return lambda email: _number(seed, email) < share


def _number(seed: str, email: str) -> int:
	return int.from_bytes(sha256(f"{seed}:{key(email)}".encode()).digest()[:8], "big")
