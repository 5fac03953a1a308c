"""Signed addresses of one mailbox that machines write to: bounces, and opt-outs of mail programs. Pure."""

from __future__ import annotations

from email_campaigns.tracking.tokens import TokenRing


class SignedAddresses:
	"""The addresses of mails in the mailbox `address`, such as bounce+TOKEN@mail.example.

	The mailbox gets what is written to them where its server knows subaddresses (RFC 5233). Raises ValueError
	for a mailbox whose name leaves no room for a token.
	"""

	def __init__(self, address: str, ring: TokenRing):
		self._box, _at, self._domain = address.rpartition("@")
		self._ring = ring
		self.opt_out((1 << 48) - 1)

	def sender(self, message: int) -> str:
		"""Return the envelope sender of a mail, to which its bounces come."""
		return f"{self._ring.verp_local_part(message, self._box)}@{self._domain}"

	def opt_out(self, message: int) -> str:
		"""Return the address in the List-Unsubscribe of a mail (RFC 2369)."""
		return f"{self._ring.opt_out_local_part(message, self._box)}@{self._domain}"
