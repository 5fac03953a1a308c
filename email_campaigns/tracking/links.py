"""Addresses of the web pages that recipients reach from a mail. Pure."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256

from email_campaigns.tracking.tokens import TokenRing

PREFIX = "/ec/"
OPEN = "o"
CLICK = "c"
UNSUBSCRIBE = "u"
VIEW = "v"
IMAGE = ".gif"  # the end of an open's address: some mail programs look at it
ID_LENGTH = 10


class LinkMaker:
	"""Makes absolute links of one site; its base is worked out once for a batch of mails.

	`base_url` is the site's address, `ring` signs the links.
	"""

	def __init__(self, base_url: str, ring: TokenRing):
		self._base = base_url.rstrip("/") + PREFIX
		self._ring = ring

	def unsubscribe(self, message: int) -> str:
		"""Return the link to the unsubscribe page of `message`, which also takes the one-click POST (RFC
		8058)."""
		return f"{self._base}{UNSUBSCRIBE}/{self._ring.sign('unsubscribe', message)}"

	def view(self, message: int) -> str:
		"""Return the link to `message` in the browser."""
		return f"{self._base}{VIEW}/{self._ring.sign('view', message)}"

	def open(self, message: int) -> str:
		"""Return the address of the image whose loading shows that `message` was opened."""
		return f"{self._base}{OPEN}/{self._ring.sign('open', message)}{IMAGE}"

	def clicks(self, message: int) -> Callable[[str], str]:
		"""Return the function from the name of a Tracking Link to its address in `message`."""
		return self._ring.signing("click", message, f"{self._base}{CLICK}/")


def automatic_id(source: str, url: str) -> str:
	"""Return the name of the Tracking Link that stands for an address in the mailing `source`: always the
	same.

	It has 50 bits: among a million links two collide with a probability of one in two thousand.
	"""
	digest = sha256(f"{source}\0{url}".encode()).digest()
	return b32encode(digest).decode().lower()[:ID_LENGTH]
