"""The question “may this mail leave now?”, asked of a claimed batch by the facts of this moment.

The same rules as at the freeze (audience/decide.py) decide, in a few queries for the whole batch. Who must
not get the mail is Skipped with the reason; a mail or copy whose recipient has another address by now goes
there. conditions_store.py asks again in the journal's statement, just before the content leaves. Its
conditions also sift the batch, so that the rules look at the few mails that fail one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import xor
from zlib import crc32

import frappe

from email_campaigns.audience import recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import (
	DUPLICATE_ADDRESS,
	PER_ENROLMENT,
	UNSUBSCRIBED,
	Candidate,
	exclusion,
)
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger.claims_store import may_stay_claimed
from email_campaigns.delivery.ledger.ends_store import end_queued
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.ledger.twins_store import Twins
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.sending.conditions_store import SUPPRESSION, LeaveConditions, enrolment_end
from email_campaigns.lifecycle import EMAIL_CAMPAIGN

# Without the mails that somebody has taken out of the batch meanwhile.
_CLAIMED = """`tabCampaign Message` m
	WHERE m.name IN %(names)s AND m.status = 'Queued' AND m.claim != ''"""


@dataclass(frozen=True, slots=True)
class _Row:
	"""What a ledger says of a claimed mail beyond ClaimedMail."""

	source: str
	target_list: str
	member: int
	is_seed: bool
	dedupe_key: str


def without_unwanted(
	mailing: Mailing, claimed: Sequence[ClaimedMail], conditions: LeaveConditions, *, copied: bool
) -> list[ClaimedMail]:
	"""Return the claimed mails that may leave, with today's addresses; the others are Skipped.

	`conditions` are those of the journal; `copied` says whether any of the mails has copies.

	A mail that goes to another domain by now is given back, since a limit may hold for that domain; so is one
	whose new address has an opt-out that waits.
	"""
	if mailing.excluding or copied or any(row.cc_of for row in claimed):
		# The conditions know neither excluding lists nor the fields of copies.
		conditions = replace(conditions, doctypes=frozenset())
	if _are_sound(mailing, claimed, conditions):
		return list(claimed)
	sound, doubtful = _sift(mailing, claimed, conditions)
	return [*sound, *(_judge(mailing, doubtful) if doubtful else ())]


def _are_sound(mailing: Mailing, claimed: Sequence[ClaimedMail], conditions: LeaveConditions) -> bool:
	"""Tell whether all claimed mails meet every condition of the journal, and have their records' names yet.

	Most batches do, and an answer of one row spares reading a thousand.
	"""
	if not conditions.doctypes.issuperset(row.doctype for row in claimed):
		return False
	number, checksum = frappe.db.sql(
		f"""SELECT COUNT(*), BIT_XOR(CRC32(CONCAT(m.name, '/', COALESCE(m.recipient_name, ''))))
		FROM {_CLAIMED} AND NOT EXISTS ({SUPPRESSION}) AND {conditions.exact}""",
		_claimed_values(mailing, claimed),
	)[0]
	names = (crc32(f"{row.name}/{row.record}".encode()) for row in claimed)
	return number == len(claimed) and checksum == reduce(xor, names, 0)


def _sift(
	mailing: Mailing, claimed: Sequence[ClaimedMail], conditions: LeaveConditions
) -> tuple[list[ClaimedMail], list[ClaimedMail]]:
	"""Part claimed mails into those that meet every condition of the journal, and the others.

	A mail that somebody has taken out of the batch is in neither. A record may have got another name since
	the claim; from here on, one snapshot shows ledger and records.
	"""
	rows = {
		name: (record, is_sound)
		for name, record, is_sound in frappe.db.sql(
			f"""SELECT m.name, COALESCE(m.recipient_name, ''),
				NOT EXISTS ({SUPPRESSION}) AND {conditions.exact}
			FROM {_CLAIMED}""",
			_claimed_values(mailing, claimed),
		)
	}
	sound: list[ClaimedMail] = []
	doubtful: list[ClaimedMail] = []
	for row in claimed:
		if row.name not in rows:
			continue
		record, is_sound = rows[row.name]
		present = row if record == row.record else replace(row, record=record)
		(sound if is_sound and row.doctype in conditions.doctypes else doubtful).append(present)
	return sound, doubtful


def _claimed_values(mailing: Mailing, claimed: Sequence[ClaimedMail]) -> dict[str, object]:
	return {
		"names": tuple(row.name for row in claimed) or (0,),
		"ignored": UNSUBSCRIBED if mailing.informational else "",
	}


def _judge(mailing: Mailing, claimed: Sequence[ClaimedMail]) -> list[ClaimedMail]:
	rows = _read_rows(claimed)
	today = _read_candidates(mailing, claimed, rows)
	reasons = {
		row.name: exclusion(today[row.name], informational=mailing.informational)
		for row in claimed
		if not row.cc_of
	}
	_skip(reasons)
	wanted = [row for row in claimed if not reasons.get(row.name)]
	leaving, duplicates = _readdress(mailing, wanted, rows, today)
	_skip(dict.fromkeys(duplicates, DUPLICATE_ADDRESS))
	return copies_store.follow_records(mailing, leaving, today) if leaving else []


def _read_rows(claimed: Sequence[ClaimedMail]) -> dict[int, _Row]:
	rows = frappe.db.sql(
		"""SELECT name, source, COALESCE(target_list, ''), COALESCE(member, 0), is_seed, dedupe_key
		FROM `tabCampaign Message` WHERE name IN %s""",
		(tuple(row.name for row in claimed),),
	)
	return {name: _Row(*values) for name, *values in rows}


def _read_candidates(
	mailing: Mailing, claimed: Sequence[ClaimedMail], rows: Mapping[int, _Row]
) -> dict[int, Candidate]:
	"""Return {row: what is known now of its recipient}, of a copy of the record that names its person."""
	seeds = [_recipient(row, rows[row.name]) for row in claimed if rows[row.name].is_seed]
	others = [_recipient(row, rows[row.name]) for row in claimed if not rows[row.name].is_seed]
	today = recipients_store.read_candidates(others, mailing.excluding)
	if seeds:
		today |= recipients_store.read_candidates(seeds, ())
	if not mailing.stream:
		return today
	ends = _sequence_ends(mailing, claimed, rows)
	return {name: replace(candidate, sequence_end=ends[name]) for name, candidate in today.items()}


def _recipient(claimed: ClaimedMail, row: _Row) -> Recipient:
	member = 0 if claimed.cc_of else row.member
	return Recipient(claimed.name, row.target_list, member, claimed.doctype, claimed.record)


def _sequence_ends(
	mailing: Mailing, claimed: Sequence[ClaimedMail], rows: Mapping[int, _Row]
) -> dict[int, str]:
	"""Return {row: why nothing more of its sequence goes to this person, "" where it goes on}."""
	sources = {row.source for row in rows.values()}
	enrolments = frappe.db.sql(
		"SELECT name, status, ended_because FROM `tabEmail Campaign` WHERE name IN %s", (tuple(sources),)
	)
	ends = dict.fromkeys(sources, enrolment_end(None, ""))
	ends |= {name: enrolment_end(status, because) for name, status, because in enrolments}
	leavers = set() if mailing.informational else recipients_store.find_leavers(sources)
	return {
		row.name: ends[rows[row.name].source]
		or (UNSUBSCRIBED if (rows[row.name].source, address_key(row.email)) in leavers else "")
		for row in claimed
	}


def _readdress(
	mailing: Mailing, leaving: Sequence[ClaimedMail], rows: Mapping[int, _Row], today: Mapping[int, Candidate]
) -> tuple[list[ClaimedMail], list[int]]:
	"""Give mails the present addresses of their records.

	Return those that leave with this batch, and the numbers of those whose new address has the mail already.
	"""
	staying, duplicates = [], []
	for row in leaving:
		candidate = today[row.name]
		if row.cc_of or candidate.email == row.email:
			staying.append(row)
			continue
		stays = may_stay_claimed(row.email, candidate.email)
		if not _move(mailing, row, rows[row.name], candidate, stays=stays):
			duplicates.append(row.name)
		elif stays:
			staying.append(replace(row, email=candidate.email))
	return staying, duplicates


def _move(mailing: Mailing, claimed: ClaimedMail, row: _Row, candidate: Candidate, *, stays: bool) -> bool:
	"""Write a new address to a row; return False where somebody else of the mailing has it already."""
	if mailing.stream and _has_twin(mailing, row.source, candidate.email):
		return False
	by_address = row.dedupe_key == f"a:{address_key(claimed.email)}"
	key = f"a:{address_key(candidate.email)}" if by_address else row.dedupe_key
	if key != row.dedupe_key:
		_free_key(row.source, mailing.step, key)
	frappe.db.sql(
		f"""UPDATE IGNORE `tabCampaign Message` SET email = %(email)s, domain = %(domain)s,
			dedupe_key = %(key)s{"" if stays else ", claim = '', lease_until = 0"}
		WHERE name = %(name)s AND status = 'Queued'""",
		{"email": candidate.email, "domain": candidate.domain, "key": key, "name": claimed.name},
	)
	return affected_rows() > 0


def _has_twin(mailing: Mailing, source: str, email: str) -> bool:
	"""Tell whether an address gets this step by another enrolment of the campaign."""
	if mailing.duplicate_policy == PER_ENROLMENT:
		return False
	since = frappe.db.get_value(EMAIL_CAMPAIGN, source, "creation")
	return bool(since) and mailing.step in Twins(mailing.campaign, [email]).taken(email, source, since)


def _free_key(source: str, step: int, key: str) -> None:
	"""Take a key from a row whose recipient gets nothing."""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` SET dedupe_key = CONCAT('s:', COALESCE(member, 0), ':', name)
		WHERE source = %s AND step = %s AND dedupe_key = %s AND status = 'Skipped'""",
		(source, step, key),
	)


def _skip(reasons: Mapping[int, str]) -> None:
	names: dict[str, list[int]] = defaultdict(list)
	for name, reason in reasons.items():
		if reason:
			names[reason].append(name)
	for reason, skipped in names.items():
		end_queued("c.name IN %(names)s", {"names": tuple(skipped)}, "Skipped", reason)
