"""Addresses that were forgotten on request: all that stays of one is a keyed hash. Pure.

Without the site's key the hash tells nothing, not even whether a guessed address is among them.
"""

from __future__ import annotations

import hmac

from email_campaigns.audience.address import address_key


def derive_key(secret: bytes) -> bytes:
	"""Return the key for this purpose alone, HKDF's extract and one step of expand (RFC 5869, section 2)."""
	extracted = hmac.digest(b"email_campaigns.audience", secret, "sha256")
	return hmac.digest(extracted, b"forgotten\x01", "sha256")


def fingerprint(derived: bytes, email: str) -> str:
	"""Return 64 hex digits for a normalised address in any case of its letters."""
	return hmac.digest(derived, address_key(email).encode(), "sha256").hex()
