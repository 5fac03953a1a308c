"""Rules of suppression: the weight of reasons, and the wishes that a person may take back. Pure.

One record stands for an address and a list, or for an address and everything. It has the weightiest known
reason; a lighter one that comes later changes nothing. An unsubscription and a complaint are the person's own
wish, which they may take back on the page behind the unsubscribe link. A hard bounce and an entry made by
hand stay until somebody deletes the record. Soft bounces are the lightest: theirs ends by itself, and must
hide nothing that does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from email_campaigns.audience.address import address_key
from email_campaigns.text import _lt

UNSUBSCRIBED = _lt("Unsubscribed")
COMPLAINT = _lt("Complaint")
MANUAL = _lt("Manual")
HARD_BOUNCE = _lt("Hard Bounce")
SOFT_BOUNCE = _lt("Soft Bounce")

BY_WEIGHT = (SOFT_BOUNCE, UNSUBSCRIBED, COMPLAINT, MANUAL, HARD_BOUNCE)
BOUNCES = frozenset({HARD_BOUNCE, SOFT_BOUNCE})
PERSONS_WISH = frozenset({UNSUBSCRIBED, COMPLAINT})

EVERYTHING = ""  # in the place of a list


@dataclass(frozen=True, slots=True)
class SuppressionScope:
	"""What is kept from an address.

	`everything` is the reason why it gets no mail at all, "" where it gets mail. `lists` has the reason for
	each list that must not mail it.
	"""

	everything: str = ""
	lists: Mapping[str, str] = field(default_factory=dict)

	@property
	def unsubscribed(self) -> bool:
		"""Whether the person has left everything, and may come back without help."""
		return self.everything in PERSONS_WISH

	@property
	def blocked(self) -> bool:
		"""Whether the address gets no mail, and the person can't change that."""
		return bool(self.everything) and not self.unsubscribed

	def has_left(self, target_list: str) -> bool:
		"""Tell whether the person has left this list, whatever holds for everything."""
		return self.lists.get(target_list, "") in PERSONS_WISH


def record_name(email: str, target_list: str = EVERYTHING) -> str:
	"""Return the name of the record for a normalised address and a list: the primary key keeps it single."""
	return sha256(f"{address_key(email)}\n{target_list}".encode()).hexdigest()[:32]


def build_scope(rows: Iterable[tuple[str | None, str]]) -> SuppressionScope:
	"""Return the scope of (list, reason) pairs; the list is "" or None in the one for everything.

	Soft bounces are left out: they pass, and the person may leave or come back meanwhile.
	"""
	reasons = {target_list or EVERYTHING: reason for target_list, reason in rows if reason != SOFT_BOUNCE}
	return SuppressionScope(reasons.pop(EVERYTHING, ""), reasons)
