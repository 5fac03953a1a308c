"""Decisions on the members of a list: a mail, or the reason for none. Pure: candidates in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from email_campaigns.audience.address import address_key
from email_campaigns.text import _lt

PER_ADDRESS = "One mail per address"
PER_RECORD = "One mail per record"
PER_ENROLMENT = "One mail per enrolment"  # of a sequence, in the place of PER_RECORD

# Reasons as the ledger stores them.
RECORD_MISSING = _lt("The record no longer exists")
TYPE_MISSING = _lt("This record type is no longer on the site: its app was uninstalled")
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
DISABLED = _lt("The record is disabled")
OFF_LIST = _lt("Taken off the list")
OPTED_OUT_ELSEWHERE = _lt("The address opted out on another record")
SEQUENCE_ENDED = _lt("The sequence has ended")
SEQUENCE_GONE = _lt("The sequence no longer exists")
OPT_OUTS = (UNSUBSCRIBED, OPTED_OUT, OPTED_OUT_ELSEWHERE)
_SUPPRESSED = {
	"Complaint": _lt("Suppressed: Complaint"),
	"Manual": _lt("Suppressed: Manual"),
	"Hard Bounce": _lt("Suppressed: Hard Bounce"),
	"Soft Bounce": _lt("Suppressed: Soft Bounce"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
	"""A member of a target list with the facts of this moment.

	`suppressed` is the reason of the Suppressed Email that covers the address, "" where none does, and
	OPTED_OUT_ELSEWHERE where it stands for an opt-out field. `email` is normalised, "" where the record has
	no valid address. `disabled` is true where the record is not in use, `type_missing` where the site no
	longer has its doctype, `off_list` where the member has been taken off the list. `sequence_end` is the
	reason why nothing more of a sequence goes to this person, or "".
	"""

	member: int
	target_list: str
	member_key: str
	email: str
	doctype: str
	record: str
	record_missing: bool = False
	type_missing: bool = False
	opted_out: bool = False
	suppressed: str = ""
	excluded_record: bool = False
	excluded_address: bool = False
	language: str = ""
	time_zone: str = ""
	disabled: bool = False
	off_list: bool = False
	sequence_end: str = ""

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

	The one answer to “may this person get it now?”: before a mailing, at its start, before each batch, and
	when a mail is sent again. An opt-out does not count for informational mail; a bad address does.
	"""
	suppression = suppression_reason(candidate.suppressed) if candidate.suppressed else ""
	checks = (
		(candidate.suppressed == FORGOTTEN, FORGOTTEN),
		(True, candidate.sequence_end),
		(candidate.off_list, OFF_LIST),
		(candidate.type_missing, TYPE_MISSING),
		(candidate.record_missing, RECORD_MISSING),
		(candidate.disabled, DISABLED),
		(not candidate.email, NO_ADDRESS),
		(candidate.excluded_record, EXCLUDED_RECORD),
		(candidate.excluded_address, EXCLUDED_ADDRESS),
		(suppression not in OPT_OUTS, suppression),
		(suppression == UNSUBSCRIBED and not informational, UNSUBSCRIBED),
		(candidate.opted_out and not informational, OPTED_OUT),
		(suppression == OPTED_OUT_ELSEWHERE and not informational, OPTED_OUT_ELSEWHERE),
	)
	return next((reason for applies, reason in checks if applies and reason), "")


def suppression_reason(reason: str) -> str:
	"""Return the ledger's reason for that of a Suppressed Email: "Suppressed: Manual" for "Manual"."""
	return reason if reason in OPT_OUTS else _SUPPRESSED.get(reason, f"Suppressed: {reason}")


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
