"""Decisions on the members of a list: a mail, or the reason for none. Pure: candidates in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from email_campaigns.audience.address import address_key
from email_campaigns.text import _lt

PER_ADDRESS = "One mail per address"
PER_RECORD = "One mail per record"

# Reasons as the ledger stores them.
RECORD_MISSING = _lt("The record no longer exists")
NO_ADDRESS = _lt("No valid address")
EXCLUDED_RECORD = _lt("On an excluding list")
EXCLUDED_ADDRESS = _lt("Address on an excluding list")
OPTED_OUT = _lt("Opted out on the record")
UNSUBSCRIBED = _lt("Unsubscribed")
DUPLICATE_ADDRESS = _lt("Duplicate address")
DUPLICATE_RECORD = _lt("Record on several lists")
DUPLICATE_MERGED = _lt("Merged with a record that has the mail")
HELD_OUT = _lt("Hold-out group")
FORGOTTEN = _lt("Forgotten on request")
_SUPPRESSED = {
	"Complaint": _lt("Suppressed: Complaint"),
	"Manual": _lt("Suppressed: Manual"),
	"Hard Bounce": _lt("Suppressed: Hard Bounce"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
	"""A member of a target list with the facts of this moment.

	`suppressed` is the reason of the Suppressed Email that covers the address, "" where none does.
	`email` is normalised, "" where the record has no valid address.
	"""

	member: int
	target_list: str
	member_key: str
	email: str
	doctype: str
	record: str
	record_missing: bool = False
	opted_out: bool = False
	suppressed: str = ""
	excluded_record: bool = False
	excluded_address: bool = False
	language: str = ""
	time_zone: str = ""

	@property
	def domain(self) -> str:
		"""The domain of the address in lowercase, "" without an address."""
		return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Decision:
	"""What becomes of a candidate: `reason` is "" where they get the mail.

	`dedupe_key` is unique in the ledger of one mailing.
	"""

	candidate: Candidate
	dedupe_key: str
	reason: str = ""


def exclusion(candidate: Candidate, *, informational: bool = False) -> str:
	"""Return the reason why this member gets no mail, "" where there is none. Duplicates are not looked at.

	An unsubscription does not count for informational mail; a bad address does.
	"""
	checks = (
		(candidate.suppressed == FORGOTTEN, FORGOTTEN),
		(candidate.record_missing, RECORD_MISSING),
		(not candidate.email, NO_ADDRESS),
		(candidate.excluded_record, EXCLUDED_RECORD),
		(candidate.excluded_address, EXCLUDED_ADDRESS),
		(bool(candidate.suppressed), suppression_reason(candidate.suppressed)),
		(candidate.opted_out, OPTED_OUT),
	)
	ignored = (UNSUBSCRIBED, OPTED_OUT) if informational else ()
	return next((reason for applies, reason in checks if applies and reason not in ignored), "")


def suppression_reason(reason: str) -> str:
	"""Return the ledger's reason for that of a Suppressed Email: "Suppressed: Manual" for "Manual"."""
	return UNSUBSCRIBED if reason == UNSUBSCRIBED else _SUPPRESSED.get(reason, f"Suppressed: {reason}")


def dedupe_key(candidate: Candidate, policy: str) -> str:
	"""Return the key that may occur once in a mailing: the address's, under PER_RECORD the record's."""
	return f"a:{address_key(candidate.email)}" if policy == PER_ADDRESS else f"r:{candidate.member_key}"


def decide(
	candidates: Collection[Candidate],
	policy: str,
	taken: Collection[str],
	*,
	informational: bool = False,
	held_out: Callable[[str], bool] = lambda email: False,
) -> list[Decision]:
	"""Decide on one slice of members in their order; the first member with a key gets the mail.

	`taken` has the keys that earlier slices used. A skipped member gets a key of its own, so that it never
	keeps a later one with the same address from the mail. `held_out` tells whether an address is in the
	hold-out group.
	"""
	seen: set[str] = set()
	decisions = []
	for candidate in candidates:
		reason = exclusion(candidate, informational=informational)
		key = "" if reason else dedupe_key(candidate, policy)
		if key in seen or key in taken:
			reason = DUPLICATE_ADDRESS if policy == PER_ADDRESS else DUPLICATE_RECORD
		elif not reason and held_out(candidate.email):
			reason = HELD_OUT
		if reason:
			key = f"s:{candidate.member}"
		seen.add(key)
		decisions.append(Decision(candidate, key, reason))
	return decisions


def wanted_keys(candidates: Collection[Candidate], policy: str, *, informational: bool = False) -> list[str]:
	"""Return the keys that the members of a slice would use, without those who get no mail anyway."""
	return [
		dedupe_key(candidate, policy)
		for candidate in candidates
		if not exclusion(candidate, informational=informational)
	]
