"""Addresses of the pages that recipients reach from a mail. Pure."""

from __future__ import annotations

from email_campaigns.tracking.tokens import TokenRing

PREFIX = "/ec/"
UNSUBSCRIBE = "u"
VIEW = "v"


class LinkMaker:
	"""Makes absolute links of one site, whose base is worked out once a page and not for every mail."""

	def __init__(self, base_url: str, ring: TokenRing):
		self._base = base_url.rstrip("/") + PREFIX
		self._ring = ring

	def unsubscribe(self, message: int) -> str:
		"""Return the link to the page where the recipient of `message` leaves; it also takes the one-click POST."""
		return f"{self._base}{UNSUBSCRIBE}/{self._ring.sign('unsubscribe', message)}"

	def view(self, message: int) -> str:
		"""Return the link to `message` in the browser."""
		return f"{self._base}{VIEW}/{self._ring.sign('view', message)}"
