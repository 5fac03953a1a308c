"""The present facts about recipients that a ledger or a list names: address, suppressions, lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import frappe

from email_campaigns.audience.address import address_key, normalise_or_empty, plain_key, record_key
from email_campaigns.audience.decide import UNSUBSCRIBED, Candidate
from email_campaigns.audience.sources_store import PLAIN, PLAIN_SOURCE, Source, sources


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
	missing: bool = True


def read_candidates(recipients: Sequence[Recipient], excluding: Collection[str]) -> dict[int, Candidate]:
	"""Return {id: candidate} with the present facts, which a list may not have learnt yet.

	`excluding` are target lists whose members get no mail. Meant for a slice of recipients: it takes a few
	queries, whatever their number.
	"""
	facts = _read_facts(recipients)
	emails = {record.email for record in facts.values() if record.email}
	keys = {_member_key(recipient, facts[recipient.doctype, recipient.record]) for recipient in recipients}
	known = _Exclusions(read_suppressions(emails), *_read_excluded(excluding, keys, emails))
	return {
		recipient.id: _candidate(recipient, facts[recipient.doctype, recipient.record], known)
		for recipient in recipients
	}


@dataclass(frozen=True, slots=True)
class _Exclusions:
	"""What keeps mail from a slice of recipients; suppressions by the key of the address."""

	suppressions: Mapping[str, Sequence[Suppression]]
	member_keys: Collection[str]
	address_keys: Collection[str]


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
		opted_out=facts.opted_out,
		suppressed=strictest_reason(known.suppressions, facts.email, recipient.target_list),
		excluded_record=member_key in known.member_keys,
		excluded_address=address_key(facts.email) in known.address_keys,
		language=facts.language,
		time_zone=facts.time_zone,
	)


def _member_key(recipient: Recipient, facts: RecordFacts) -> str:
	if recipient.doctype == PLAIN:
		return plain_key(facts.email)
	return record_key(recipient.doctype, recipient.record)


def _read_facts(recipients: Iterable[Recipient]) -> dict[tuple[str, str], RecordFacts]:
	known = sources()
	facts: dict[tuple[str, str], RecordFacts] = {}
	for doctype, records in _names_by_doctype((row.doctype, row.record) for row in recipients).items():
		facts |= dict.fromkeys(((doctype, record) for record in records), RecordFacts())
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
		f"""SELECT s.name, s.`{origin.email_field}`, {origin.language}, {origin.time_zone}, {origin.opt_out}
		FROM `tab{origin.doctype}` s WHERE s.name IN %s""",
		(tuple(records),),
	)
	return {
		(origin.doctype, str(name)): RecordFacts(
			normalise_or_empty(email), language, time_zone, bool(opted_out), missing=False
		)
		for name, email, language, time_zone, opted_out in rows
	}


@dataclass(frozen=True, slots=True)
class Suppression:
	"""Why an address gets no mail, since when and by what; `target_list` is "" where it holds for all."""

	reason: str
	target_list: str
	origin: str
	since: object

	def holds_for(self, target_list: str) -> bool:
		"""Tell whether it keeps the mails of a list from the address."""
		return self.target_list in ("", target_list)


def read_suppressions(emails: Collection[str]) -> dict[str, list[Suppression]]:
	"""Return {key of the address: its suppressions} of normalised addresses."""
	# By key, for the collation takes é and e for the same letter.
	suppressions: dict[str, list[Suppression]] = defaultdict(list)
	if emails:
		for email, *values in frappe.db.sql(
			"""SELECT email, reason, COALESCE(target_list, ''), COALESCE(origin, ''), modified
			FROM `tabSuppressed Email` WHERE email IN %s ORDER BY creation""",
			(tuple(emails),),
		):
			suppressions[address_key(email)].append(Suppression(*values))
	return suppressions


def strictest_reason(known: Mapping[str, Sequence[Suppression]], email: str, target_list: str) -> str:
	"""Return the reason that keeps the mails of a list from an address, "" where there is none.

	One that is not an unsubscription wins, for it holds for informational mail too.
	"""
	reasons = [row.reason for row in known.get(address_key(email), ()) if row.holds_for(target_list)]
	return min(reasons, key=lambda reason: reason == UNSUBSCRIBED, default="")


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
	for field, value in (("disabled", 1), ("enabled", 0)):
		if doctype and frappe.get_meta(doctype).has_field(field):
			return frappe.get_all(doctype, {"name": ("in", list(names)), field: value}, pluck="name")
	return []
