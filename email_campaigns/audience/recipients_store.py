"""What is known today of recipients that a ledger or a list names: their address, their wishes, their lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import frappe

from email_campaigns.audience.address import InvalidAddress, address_key, normalise, plain_key, record_key
from email_campaigns.audience.decide import UNSUBSCRIBED, Candidate
from email_campaigns.audience.sources_store import PLAIN, PLAIN_SOURCE, Source, sources


@dataclass(frozen=True, slots=True)
class Recipient:
	"""A recipient as it is named: `id` is the caller's own number, record and doctype those of a plain member too."""

	id: int
	target_list: str
	member: int
	doctype: str
	record: str


@dataclass(frozen=True, slots=True)
class RecordFacts:
	"""What a record says of its address; all empty where the record no longer exists."""

	email: str = ""
	language: str = ""
	time_zone: str = ""
	opted_out: bool = False
	missing: bool = True


def read_candidates(who: Sequence[Recipient], excluding: Collection[str]) -> dict[int, Candidate]:
	"""Return {id: candidate} with today's facts, which the rows of a list may still be waiting for.

	Meant for a slice of recipients: a few queries, whatever their number.
	"""
	facts = _facts(who)
	emails = {found.email for found in facts.values() if found.email}
	suppressed = read_suppressions(emails)
	keys = {one.id: _member_key(one, facts[one.doctype, one.record]) for one in who}
	by_record, by_address = _excluded(excluding, keys.values(), emails)
	return {
		one.id: _candidate(
			one, facts[one.doctype, one.record], keys[one.id], suppressed, by_record, by_address
		)
		for one in who
	}


def _candidate(
	one: Recipient, facts: RecordFacts, member_key: str, suppressed, by_record, by_address
) -> Candidate:
	return Candidate(
		member=one.member,
		target_list=one.target_list,
		member_key=member_key,
		email=facts.email,
		doctype=one.doctype,
		record=one.record,
		record_missing=facts.missing,
		opted_out=facts.opted_out,
		suppressed=strictest_reason(suppressed, facts.email, one.target_list),
		excluded_record=member_key in by_record,
		excluded_address=address_key(facts.email) in by_address,
		language=facts.language,
		time_zone=facts.time_zone,
	)


def _member_key(one: Recipient, facts: RecordFacts) -> str:
	return plain_key(facts.email) if one.doctype == PLAIN else record_key(one.doctype, one.record)


def _facts(who: Iterable[Recipient]) -> dict[tuple[str, str], RecordFacts]:
	names: dict[str, set[str]] = defaultdict(set)
	for one in who:
		names[one.doctype].add(one.record)
	known, found = sources(), {}
	for doctype, records in names.items():
		found |= dict.fromkeys(((doctype, record) for record in records), RecordFacts())
		if origin := PLAIN_SOURCE if doctype == PLAIN else known.get(doctype):
			found |= _of_records(origin, records)
	return found


def _of_records(origin: Source, records: Collection[str]) -> dict[tuple[str, str], RecordFacts]:
	rows = frappe.db.sql(
		f"""SELECT s.name, s.`{origin.email_field}`, {origin.language}, {origin.time_zone}, {origin.opt_out}
		FROM `tab{origin.doctype}` s WHERE s.name IN %s""",
		(tuple(records),),
	)
	return {
		(origin.doctype, str(name)): RecordFacts(_address(email), language, time_zone, bool(opted_out), False)
		for name, email, language, time_zone, opted_out in rows
	}


def _address(raw: str | None) -> str:
	try:
		return normalise(raw or "")
	except InvalidAddress:
		return ""


@dataclass(frozen=True, slots=True)
class Suppression:
	"""Why an address is not mailed, since when and by what; `target_list` is "" where it holds for all lists."""

	reason: str
	target_list: str
	origin: str
	since: object

	def holds_for(self, target_list: str) -> bool:
		return self.target_list in ("", target_list)


def read_suppressions(emails: Collection[str]) -> dict[str, list[Suppression]]:
	"""Return {key of the address: what keeps mail from it}. The collation takes é and e for the same letter."""
	found: dict[str, list[Suppression]] = defaultdict(list)
	if emails:
		for email, *values in frappe.db.sql(
			"""SELECT email, reason, COALESCE(target_list, ''), COALESCE(origin, ''), modified
			FROM `tabSuppressed Email` WHERE email IN %s ORDER BY creation""",
			(tuple(emails),),
		):
			found[address_key(email)].append(Suppression(*values))
	return found


def strictest_reason(known: Mapping[str, Sequence[Suppression]], email: str, target_list: str) -> str:
	"""Return the reason that keeps the mails of a list from an address, "" where there is none.

	One that is not an unsubscription holds for informational mail too, so it is told first.
	"""
	reasons = [row.reason for row in known.get(address_key(email), ()) if row.holds_for(target_list)]
	return min(reasons, key=lambda reason: reason == UNSUBSCRIBED, default="")


def _excluded(
	lists: Collection[str], keys: Collection[str], emails: Collection[str]
) -> tuple[set[str], set[str]]:
	"""Return the member keys, and the keys of addresses, that are on one of `lists`."""
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


def find_members(lists: Collection[str], email: str = "", doctype: str = "", record: str = "") -> list:
	"""Return (Who, since) of the members of `lists` with this address or record, in the order of their joining;
	`id` is the member's number."""
	rows = frappe.db.sql(
		"""SELECT name, target_list, COALESCE(member_doctype, ''), COALESCE(member_name, ''), COALESCE(email, ''), creation
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
		(Recipient(name, target_list, name, kind or PLAIN, of or str(name)), since)
		for name, target_list, kind, of, found, since in rows
		if (record and (kind or PLAIN, of or str(name)) == (doctype, record))
		or (email and address_key(found) == address_key(email))
	]


def find_disabled(records: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
	"""Return those (doctype, name) whose own field, `disabled` or `enabled`, says that they are of no use any more."""
	names: dict[str, set[str]] = defaultdict(set)
	for doctype, record in records:
		names[doctype].add(record)
	return {(doctype, name) for doctype, some in names.items() for name in _disabled(doctype, some)}


def _disabled(doctype: str, names: Collection[str]) -> list[str]:
	for field, value in (("disabled", 1), ("enabled", 0)):
		if doctype and frappe.get_meta(doctype).has_field(field):
			return frappe.get_all(doctype, {"name": ("in", list(names)), field: value}, pluck="name")
	return []
