"""The copies (CC) of some mails: what the fields of their records say, read in bulk and decided upon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import frappe

from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import UNSUBSCRIBED, Candidate, Decision
from email_campaigns.audience.sources_store import sources
from email_campaigns.delivery.copies import fields_store, rules
from email_campaigns.delivery.copies.rules import Copy, FieldValue
from email_campaigns.delivery.mailing.mailing import CcField, Mailing


@dataclass(frozen=True, slots=True)
class _Column:
	"""A CC field as it can be read now; `problem` is why nobody is copied from it."""

	field: CcField
	is_user: bool
	problem: str

	@property
	def is_there(self) -> bool:
		return self.problem != rules.GONE


def count_copies(mailing: Mailing) -> Callable[[list[Decision]], int]:
	"""Return a function that counts the copies that the mails of some decisions have."""

	def number(decisions: list[Decision]) -> int:
		found = read_copies(mailing, [decision.candidate for decision in decisions], [0] * len(decisions))
		return sum(not copy.reason for copies in found for copy in copies)

	return number


def read_copies(mailing: Mailing, candidates: list[Candidate], numbers: list[int]) -> list[list[Copy]]:
	named = _named(mailing.cc_fields, candidates)
	told = [named.get((who.doctype, who.record), []) for who in candidates]
	reasons = _suppressions(rules.valid_addresses(one for each in told for one in each))
	return [
		rules.decide_copies(
			number,
			who.email,
			each,
			lambda email, who=who: _suppressed(reasons, email, who.target_list),
			informational=mailing.informational,
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


def _named(
	fields: Sequence[CcField], candidates: Iterable[Candidate]
) -> dict[tuple[str, str], list[FieldValue]]:
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
	problems = fields_store.problems_with_fields(fields)
	return [_Column(one, fields_store.links_to_user(one), problems.get(one.key, "")) for one in fields]


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
) -> FieldValue:
	if column.is_user:
		return rules.user_value(column.field.key, text, email, bool(enabled), bool(opted_out), column.problem)
	return FieldValue(column.field.key, text or "", problem=column.problem)
