"""Who of the members gets a mailing, and why the others do not. Pure: one candidate in, one decision out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from email_campaigns.audience.address import address_key

PER_ADDRESS = "One mail per address"
PER_RECORD = "One mail per record"

RECORD_MISSING = "The record no longer exists"
NO_ADDRESS = "No valid address"
EXCLUDED_RECORD = "On an excluding list"
EXCLUDED_ADDRESS = "Address on an excluding list"
OPTED_OUT = "Opted out on the record"
UNSUBSCRIBED = "Unsubscribed"
DUPLICATE_ADDRESS = "Duplicate address"
DUPLICATE_RECORD = "Record on several lists"
HELD_OUT = "Hold-out group"
FORGOTTEN = "Forgotten on request"


@dataclass(frozen=True, slots=True)
class Candidate:
	"""One row of a target list and what is known of it at this moment.

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
		return self.email.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Decision:
	"""`reason` is "" for who gets the mail. `dedupe_key` is unique in the ledger of one mailing."""

	candidate: Candidate
	dedupe_key: str
	reason: str = ""


def exclusion(candidate: Candidate, *, informational: bool = False) -> str:
	"""Return the reason for which this member gets nothing, "" where there is none but being a duplicate.

	Of informational mail an unsubscription does not count, a bad address still does.
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
	"""Word the reason of a Suppressed Email for the ledger: "Unsubscribed" stands alone."""
	return UNSUBSCRIBED if reason == UNSUBSCRIBED else f"Suppressed: {reason}"


def dedupe_key(candidate: Candidate, policy: str) -> str:
	"""Return what may occur once in a mailing: the address, or under PER_RECORD the record."""
	return f"a:{address_key(candidate.email)}" if policy == PER_ADDRESS else f"r:{candidate.member_key}"


def decide(
	candidates: Collection[Candidate],
	policy: str,
	taken: Collection[str],
	*,
	informational: bool = False,
	held_out: Callable[[str], bool] = lambda email: False,
) -> list[Decision]:
	"""Decide over one slice of members in their order: the first of a key wins, also against `taken`,
	the keys that earlier slices used. A skipped member has a key of its own, so that it never stands
	in the way of a later one with the same address. `held_out` tells of an address whether the hold-out group has it."""
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
	"""Return the keys that the mailable members of a slice would use, for the look-up of those taken."""
	return [
		dedupe_key(candidate, policy)
		for candidate in candidates
		if not exclusion(candidate, informational=informational)
	]
