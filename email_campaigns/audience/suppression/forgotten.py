"""The keyed hash of an address that was forgotten on request: nothing else remains of it. Pure.

Without the site's key nobody can find out from the hashes whether a guessed address is among them.
"""

from __future__ import annotations

import hmac

from email_campaigns.audience.address import address_key


def derive_key(secret: bytes) -> bytes:
	"""Return a key for this purpose alone: HKDF's extract and one step of expand (RFC 5869, section 2)."""
	extracted = hmac.digest(b"email_campaigns.audience", secret, "sha256")
	return hmac.digest(extracted, b"forgotten\x01", "sha256")


def fingerprint(derived: bytes, email: str) -> str:
	"""Return the hash of a normalised address, 64 hex digits, the same in upper and lower case."""
	return hmac.digest(derived, address_key(email).encode(), "sha256").hex()
