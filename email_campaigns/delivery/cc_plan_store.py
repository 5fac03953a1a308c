"""Planning the copies (CC) of a mailing: what the records' fields say, decided upon slice by slice, and written to the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import frappe
from frappe.utils import now

from email_campaigns.audience.address import key as address_key
from email_campaigns.audience.decide import UNSUBSCRIBED, Candidate, Decision
from email_campaigns.audience.store import sources
from email_campaigns.delivery import cc, cc_fields_store
from email_campaigns.delivery.cc import Copy, Named
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, Entry
from email_campaigns.delivery.mailing.mailing import CcField, Mailing

_COLUMNS = (
	"name, creation, modified, owner, modified_by, source_doctype, source, campaign, step, target_list, member,"
	" recipient_doctype, recipient_name, language, cc_of, cc_field, email, domain, dedupe_key, status, reason,"
	" send_after, claim"
)
_ROW = f"(NEXTVAL(`campaign_message_id_seq`), {'%s, ' * 21}'')"


@dataclass(frozen=True, slots=True)
class _Column:
	"""A CC field as it can be read now; `problem` is why nobody is copied from it."""

	field: CcField
	is_user: bool
	problem: str

	@property
	def is_there(self) -> bool:
		return self.problem != cc.GONE


def plan(mailing: Mailing, entries: Iterable[Entry]) -> None:
	"""Write the copies of one slice's mails, which are in the ledger already; each waits for its mail.

	The seed group's mails have none: they are about nobody in whom the people of those fields take an interest.
	"""
	planned = [entry for entry in entries if not entry.decision.reason and not entry.is_seed]
	mains = _mains(mailing, planned)
	planned = [entry for entry in planned if _place(mailing, entry) in mains]
	numbers = [mains[_place(mailing, entry)] for entry in planned]
	found = _decide(mailing, [entry.decision.candidate for entry in planned], numbers)
	stamp = now()
	rows = [
		_values(mailing, entry, number, copy, stamp)
		for entry, number, copies in zip(planned, numbers, found, strict=True)
		for copy in copies
	]
	if rows:
		_insert(rows)
		wanted = sum(not copy.reason for copies in found for copy in copies)
		if not mailing.stream:
			counts_store.add_to_counts(mailing.name, cc=wanted)


def _insert(rows: list[tuple]) -> None:
	frappe.db.sql(
		f"INSERT IGNORE INTO `tabCampaign Message` ({_COLUMNS}) VALUES " + ", ".join([_ROW] * len(rows)),
		[value for row in rows for value in row],
	)


def _values(mailing: Mailing, entry: Entry, main: int, copy: Copy, stamp: str) -> tuple:
	who, user = entry.decision.candidate, mailing.sender_user
	return (
		*(
			stamp,
			stamp,
			user,
			user,
			mailing.doctype,
			entry.source or mailing.name,
			mailing.campaign,
			mailing.step,
		),
		*(who.target_list, who.member, who.doctype, who.record, entry.language, main),
		*(copy.field, copy.email, copy.domain, copy.key),
		*("Skipped" if copy.reason else "Queued", copy.reason, WAITS_FOR_MAIL),
	)


def _place(mailing: Mailing, entry: Entry) -> tuple[str, str]:
	return entry.source or mailing.name, entry.decision.dedupe_key


def _mains(mailing: Mailing, entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
	"""Return {(source, dedupe key): number} of the mails that are Queued and have no copies yet."""
	places = [_place(mailing, entry) for entry in entries] or [("", "")]
	rows = frappe.db.sql(
		"""SELECT m.source, m.dedupe_key, m.name FROM `tabCampaign Message` m
		WHERE m.source IN %s AND m.step = %s AND m.dedupe_key IN %s AND m.status = 'Queued'
			AND NOT EXISTS (SELECT 1 FROM `tabCampaign Message` c WHERE c.cc_of = m.name)""",
		(tuple({source for source, _key in places}), mailing.step, tuple(key for _source, key in places)),
	)
	return {(source, key): number for source, key, number in rows}


def count(mailing: Mailing) -> Callable[[list[Decision]], int]:
	"""Return a function that counts the copies that the mails of some decisions have."""

	def number(decisions: list[Decision]) -> int:
		found = _decide(mailing, [decision.candidate for decision in decisions], [0] * len(decisions))
		return sum(not copy.reason for copies in found for copy in copies)

	return number


def _decide(mailing: Mailing, candidates: list[Candidate], numbers: list[int]) -> list[list[Copy]]:
	named = _named(mailing.cc_fields, candidates)
	told = [named.get((who.doctype, who.record), []) for who in candidates]
	reasons = _suppressions(cc.addresses(one for each in told for one in each))
	return [
		cc.decide(
			number,
			who.email,
			each,
			lambda email, who=who: _suppressed(reasons, email, who.target_list),
			heeds_opt_out=mailing.heeds_opt_out,
		)
		for who, number, each in zip(candidates, numbers, told, strict=True)
	]


def _suppressions(emails: Collection[str]) -> dict[tuple[str, str], str]:
	"""Return {(address key, list or ""): reason} of the addresses that are suppressed."""
	rows = frappe.db.sql(
		"SELECT email, COALESCE(target_list, ''), reason FROM `tabSuppressed Email` WHERE email IN %s",
		(tuple(emails) or ("",),),
	)
	return {(address_key(email), target_list): reason for email, target_list, reason in rows}


def _suppressed(reasons: dict[tuple[str, str], str], email: str, target_list: str) -> str:
	found = [reasons.get((address_key(email), place), "") for place in ("", target_list)]
	# One that is not an unsubscription comes first: it holds for informational mail too.
	return next((reason for reason in found if reason not in ("", UNSUBSCRIBED)), max(found))


def _named(fields: Sequence[CcField], candidates: Iterable[Candidate]) -> dict[tuple[str, str], list[Named]]:
	"""Return what the fields of each (doctype, record) say, in the order of the fields: one query a doctype."""
	records: dict[str, set[str]] = defaultdict(set)
	for who in candidates:
		records[who.doctype].add(who.record)
	columns, said = _columns(fields), {}
	for doctype, names in records.items():
		own = [column for column in columns if column.field.doctype == doctype]
		for name, *values in _read(doctype, own, names) if own else ():
			said[doctype, str(name)] = [
				_say(column, *values[4 * place : 4 * place + 4]) for place, column in enumerate(own)
			]
	return said


def _columns(fields: Sequence[CcField]) -> list[_Column]:
	problems = cc_fields_store.problems(fields)
	return [_Column(one, cc_fields_store.is_user(one), problems.get(one.key, "")) for one in fields]


def _read(doctype: str, columns: Sequence[_Column], names: Collection[str]) -> Iterable[tuple]:
	"""Return (name, then four values a column: text, and of a User address, enabled and opted out) of some records."""
	user, selected, joins = sources().get("User"), ["s.name"], []
	for number, column in enumerate(columns):
		own, alias = f"s.`{column.field.fieldname}`", f"u{number}"
		if not column.is_there:
			selected.append("'', '', 0, 0")
		elif column.is_user:
			opt_out = f"{alias}.`{user.opt_out_field}`" if user and user.opt_out_field else "0"
			selected.append(f"{own}, {alias}.email, {alias}.enabled, {opt_out}")
			joins.append(f"LEFT JOIN `tabUser` {alias} ON {alias}.name = {own}")
		else:
			selected.append(f"{own}, '', 0, 0")
	return frappe.db.sql(
		f"SELECT {', '.join(selected)} FROM `tab{doctype}` s {' '.join(joins)} WHERE s.name IN %s",
		(tuple(names),),
	)


def _say(
	column: _Column, text: str | None, email: str | None, enabled: int | None, opted_out: int | None
) -> Named:
	if column.is_user:
		return cc.of_user(column.field.key, text, email, bool(enabled), bool(opted_out), column.problem)
	return Named(column.field.key, text or "", problem=column.problem)
