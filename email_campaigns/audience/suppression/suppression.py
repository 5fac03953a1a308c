"""Rules of suppression: which reason outweighs which, and whose wish it was. Pure.

One record stands for an address and a list, or for an address and everything. It bears the weightiest
reason known; a lighter one that comes later changes nothing. An unsubscription and a complaint are the
person's own wish, which the person may take back on the page behind the unsubscribe link. A hard bounce and
an entry made by hand are not the person's to lift: they stay until somebody deletes the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from email_campaigns.audience.address import address_key

UNSUBSCRIBED = "Unsubscribed"
COMPLAINT = "Complaint"
MANUAL = "Manual"
HARD_BOUNCE = "Hard Bounce"

BY_WEIGHT = (UNSUBSCRIBED, COMPLAINT, MANUAL, HARD_BOUNCE)
PERSONS_WISH = frozenset({UNSUBSCRIBED, COMPLAINT})

EVERYTHING = ""  # in the place of a list


@dataclass(frozen=True, slots=True)
class SuppressionScope:
	"""What is kept from an address: the reason why it gets nothing at all, "" where it does get mail, and
	the reasons by list for the lists that must not mail it."""

	everything: str = ""
	lists: Mapping[str, str] = field(default_factory=dict)

	@property
	def unsubscribed(self) -> bool:
		"""The person has left everything, and can come back without anybody's help."""
		return self.everything in PERSONS_WISH

	@property
	def blocked(self) -> bool:
		"""Nothing is sent, and it is not for the person to change that."""
		return bool(self.everything) and not self.unsubscribed

	def left(self, target_list: str) -> bool:
		"""Tell whether the person has left this list, whatever holds for everything."""
		return self.lists.get(target_list, "") in PERSONS_WISH


def record_name(email: str, target_list: str = EVERYTHING) -> str:
	"""Return the name of the record for a normalised address and a list: the primary key keeps it single."""
	return sha256(f"{address_key(email)}\n{target_list}".encode()).hexdigest()[:32]


def build_scope(rows) -> SuppressionScope:
	"""Build a Scope from (list or "" or None, reason) pairs."""
	found = {target_list or EVERYTHING: reason for target_list, reason in rows}
	return SuppressionScope(found.pop(EVERYTHING, ""), found)
