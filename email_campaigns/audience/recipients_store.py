"""The present facts about recipients that a ledger or a list names: address, suppressions, lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import frappe

from email_campaigns.audience.address import address_key, normalise_or_empty, plain_key, record_key
from email_campaigns.audience.decide import OPT_OUTS, OPTED_OUT_ELSEWHERE, UNSUBSCRIBED, Candidate
from email_campaigns.audience.sources_store import (
	OPT_OUT_ORIGIN,
	PLAIN,
	PLAIN_SOURCE,
	Source,
	disabled_field,
	missing_doctypes,
	sources,
)
from email_campaigns.lifecycle import EMAIL_CAMPAIGN

# SQL over a row `s` of Suppressed Email: it still holds.
HOLDS = "(COALESCE(s.expires_epoch, 0) = 0 OR s.expires_epoch > UNIX_TIMESTAMP())"


@dataclass(frozen=True, slots=True)
class Recipient:
	"""A recipient as a ledger or a list names them. `id` is a number that the caller chooses.

	A plain address is named by the doctype PLAIN and its row. `member` is the number of the row on the list,
	0 where there is none.
	"""

	id: int
	target_list: str
	member: int
	doctype: str
	record: str


@dataclass(frozen=True, slots=True)
class RecordFacts:
	"""What a record says about its address; all is empty where the record no longer exists."""

	email: str = ""
	language: str = ""
	time_zone: str = ""
	opted_out: bool = False
	disabled: bool = False
	missing: bool = True
	type_missing: bool = False


def read_candidates(recipients: Sequence[Recipient], excluding: Collection[str]) -> dict[int, Candidate]:
	"""Return {id: candidate} with the present facts, which a list may not have learnt yet.

	`excluding` are target lists whose members get no mail. Meant for a slice of recipients: it takes a few
	queries, whatever their number.
	"""
	facts = _read_facts(recipients)
	emails = {record.email for record in facts.values() if record.email}
	keys = {_member_key(recipient, facts[recipient.doctype, recipient.record]) for recipient in recipients}
	off_list = _find_off_list(recipients, facts)
	known = _Exclusions(read_suppressions(emails), *_read_excluded(excluding, keys, emails), off_list)
	return {
		recipient.id: _candidate(recipient, facts[recipient.doctype, recipient.record], known)
		for recipient in recipients
	}


@dataclass(frozen=True, slots=True)
class _Exclusions:
	"""What keeps mail from a slice of recipients; suppressions by the key of the address.

	`off_list` has the ids of those who have been taken off their list.
	"""

	suppressions: Mapping[str, Sequence[Suppression]]
	member_keys: Collection[str]
	address_keys: Collection[str]
	off_list: Collection[int]


def _candidate(recipient: Recipient, facts: RecordFacts, known: _Exclusions) -> Candidate:
	member_key = _member_key(recipient, facts)
	return Candidate(
		member=recipient.member,
		target_list=recipient.target_list,
		member_key=member_key,
		email=facts.email,
		doctype=recipient.doctype,
		record=recipient.record,
		record_missing=facts.missing,
		type_missing=facts.type_missing,
		opted_out=facts.opted_out,
		suppressed=strictest_reason(known.suppressions, facts.email, recipient.target_list),
		excluded_record=member_key in known.member_keys,
		excluded_address=address_key(facts.email) in known.address_keys,
		language=facts.language,
		time_zone=facts.time_zone,
		disabled=facts.disabled,
		off_list=recipient.id in known.off_list,
	)


def _member_key(recipient: Recipient, facts: RecordFacts) -> str:
	if recipient.doctype == PLAIN:
		return plain_key(facts.email)
	return record_key(recipient.doctype, recipient.record)


def _read_facts(recipients: Iterable[Recipient]) -> dict[tuple[str, str], RecordFacts]:
	known = sources()
	facts: dict[tuple[str, str], RecordFacts] = {}
	by_doctype = _names_by_doctype((row.doctype, row.record) for row in recipients)
	gone = missing_doctypes(by_doctype.keys() - known.keys() - {PLAIN})
	for doctype, records in by_doctype.items():
		unknown = RecordFacts(type_missing=doctype in gone)
		facts |= dict.fromkeys(((doctype, record) for record in records), unknown)
		if origin := PLAIN_SOURCE if doctype == PLAIN else known.get(doctype):
			facts |= _read_records(origin, records)
	return facts


def _names_by_doctype(records: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
	names: dict[str, set[str]] = defaultdict(set)
	for doctype, record in records:
		names[doctype].add(record)
	return names


def _read_records(origin: Source, records: Collection[str]) -> dict[tuple[str, str], RecordFacts]:
	rows = frappe.db.sql(
		f"""SELECT s.name, {origin.email}, {origin.language}, {origin.time_zone}, {origin.opt_out},
			{origin.disabled}
		FROM `tab{origin.doctype}` s WHERE s.name IN %s""",
		(tuple(records),),
	)
	return {
		(origin.doctype, str(name)): RecordFacts(
			normalise_or_empty(email), language, time_zone, bool(opted_out), bool(disabled), missing=False
		)
		for name, email, language, time_zone, opted_out, disabled in rows
	}


@dataclass(frozen=True, slots=True)
class Suppression:
	"""Why an address gets no mail, since when and by what; `target_list` is "" where it holds for all."""

	reason: str
	target_list: str
	origin: str
	since: object

	@property
	def kind(self) -> str:
		"""The reason, or OPTED_OUT_ELSEWHERE where it stands for the opt-out field of a record."""
		by_record = self.reason == UNSUBSCRIBED and self.origin.startswith(OPT_OUT_ORIGIN)
		return OPTED_OUT_ELSEWHERE if by_record else self.reason

	def holds_for(self, target_list: str) -> bool:
		"""Tell whether it keeps the mails of a list from the address."""
		return self.target_list in ("", target_list)


def read_suppressions(emails: Collection[str]) -> dict[str, list[Suppression]]:
	"""Return {key of the address: its suppressions} of normalised addresses."""
	# By key, for the collation takes é and e for the same letter.
	suppressions: dict[str, list[Suppression]] = defaultdict(list)
	if emails:
		for email, *values in frappe.db.sql(
			f"""SELECT email, reason, COALESCE(target_list, ''), COALESCE(origin, ''), modified
			FROM `tabSuppressed Email` s WHERE email IN %s AND {HOLDS} ORDER BY creation""",
			(tuple(emails),),
		):
			suppressions[address_key(email)].append(Suppression(*values))
	return suppressions


def strictest_reason(known: Mapping[str, Sequence[Suppression]], email: str, target_list: str) -> str:
	"""Return the reason that keeps the mails of a list from an address, "" where there is none.

	One that is not an unsubscription wins, for it holds for informational mail too.
	"""
	reasons = [row.kind for row in known.get(address_key(email), ()) if row.holds_for(target_list)]
	return min(reasons, key=_leniency, default="")


def _leniency(reason: str) -> int:
	return (UNSUBSCRIBED, OPTED_OUT_ELSEWHERE).index(reason) + 1 if reason in OPT_OUTS else 0


def _find_off_list(recipients: Iterable[Recipient], facts: Mapping[tuple[str, str], RecordFacts]) -> set[int]:
	"""Return the ids of those who have been taken off the list that their row is of.

	A plain address is its row on the list. A record that was merged into another has the other's place on the
	list, which its key names.
	"""
	plain = {
		row.id
		for row in recipients
		if row.member and row.doctype == PLAIN and facts[PLAIN, row.record].missing
	}
	return plain | _find_records_off_list([row for row in recipients if row.doctype != PLAIN])


def _find_records_off_list(recipients: Iterable[Recipient]) -> set[int]:
	listed = [recipient for recipient in recipients if recipient.member]
	rows = _select_members("name IN %(names)s", names=[recipient.member for recipient in listed])
	members = {name for name, *_place in rows}
	gone = [recipient for recipient in listed if recipient.member not in members]
	keys = {(row.target_list, record_key(row.doctype, row.record)) for row in gone}
	present = _select_members(
		"target_list IN %(lists)s AND member_key IN %(keys)s",
		lists=[target_list for target_list, _key in keys],
		keys=[key for _list, key in keys],
	)
	places = {(target_list, key) for _name, target_list, key in present}
	return {row.id for row in gone if (row.target_list, record_key(row.doctype, row.record)) not in places}


def _select_members(condition: str, **values: Collection) -> Sequence[tuple[int, str, str]]:
	"""Return (number, list, key) of the members that meet a condition; none where it has no values."""
	if not all(values.values()):
		return ()
	return frappe.db.sql(
		f"SELECT name, target_list, member_key FROM `tabTarget List Member` WHERE {condition}",
		{name: tuple(list_of_values) for name, list_of_values in values.items()},
	)


def find_leavers(sources_of_mails: Collection[str]) -> set[tuple[str, str]]:
	"""Return (enrolment, key of the address) of those who have left just that sequence."""
	rows = frappe.db.sql(
		"""SELECT reference_name, email FROM `tabEmail Unsubscribe`
		WHERE reference_doctype = %s AND reference_name IN %s""",
		(EMAIL_CAMPAIGN, tuple(sources_of_mails) or ("",)),
	)
	return {(source, address_key(email)) for source, email in rows}


def _read_excluded(
	lists: Collection[str], keys: Collection[str], emails: Collection[str]
) -> tuple[set[str], set[str]]:
	"""Return those of some member keys, and the keys of those addresses, that are on one of `lists`."""
	if not lists:
		return set(), set()
	rows = frappe.db.sql(
		"""SELECT member_key, COALESCE(email, '') FROM `tabTarget List Member`
		WHERE target_list IN %(lists)s AND (member_key IN %(keys)s OR email IN %(emails)s)""",
		{"lists": tuple(lists), "keys": tuple(keys) or ("",), "emails": tuple(emails) or ("",)},
	)
	wanted = {address_key(email) for email in emails}
	return (
		{member_key for member_key, _email in rows} & set(keys),
		{address_key(email) for _key, email in rows if email} & wanted,
	)


def find_members(
	lists: Collection[str], email: str = "", doctype: str = "", record: str = ""
) -> list[tuple[Recipient, datetime]]:
	"""Return (recipient, since when) of the members of `lists` with this address or record, in joining order.

	The `id` of each is the member's number. `email` is normalised.
	"""
	rows = frappe.db.sql(
		"""SELECT name, target_list, COALESCE(member_doctype, ''), COALESCE(member_name, ''),
			COALESCE(email, ''), creation
		FROM `tabTarget List Member` WHERE target_list IN %(lists)s
			AND (email = %(email)s OR member_name = %(record)s AND member_doctype = %(doctype)s
				OR name = %(plain)s) ORDER BY name""",
		{
			"lists": tuple(lists) or ("",),
			"email": email or "\n",
			"record": record or "\n",
			"doctype": doctype,
			"plain": record if doctype == PLAIN else 0,
		},
	)
	return [
		(Recipient(name, target_list, name, source or PLAIN, member_name or str(name)), since)
		for name, target_list, source, member_name, address, since in rows
		if (record and (source or PLAIN, member_name or str(name)) == (doctype, record))
		or (email and address_key(address) == address_key(email))
	]


def find_disabled(records: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
	"""Return those (doctype, name) whose field `disabled` or `enabled` says that they are not in use."""
	return {
		(doctype, name)
		for doctype, names in _names_by_doctype(records).items()
		for name in _find_disabled(doctype, names)
	}


def _find_disabled(doctype: str, names: Collection[str]) -> list[str]:
	field, value = disabled_field(doctype) if doctype else ("", 0)
	if not field:
		return []
	return frappe.get_all(doctype, {"name": ("in", list(names)), field: value}, pluck="name")
