"""The copies (CC) of some mails: the fields of their records, read in bulk, and the decision on each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import frappe

from email_campaigns.audience import recipients_store
from email_campaigns.audience.decide import Candidate, Decision
from email_campaigns.audience.sources_store import sources
from email_campaigns.delivery.copies import fields_store, rules
from email_campaigns.delivery.copies.rules import Copy, FieldValue
from email_campaigns.delivery.mailing.mailing import CcField, Mailing


@dataclass(frozen=True, slots=True)
class _Column:
	"""A CC field as it can be read now; `problem` is the reason why nobody is copied from it, or ""."""

	field: CcField
	is_user: bool
	problem: str

	@property
	def is_there(self) -> bool:
		return self.problem != rules.GONE


def count_copies(mailing: Mailing) -> Callable[[list[Decision]], int]:
	"""Return a function that takes decisions and returns the number of copies of their mails."""

	def count(decisions: list[Decision]) -> int:
		candidates = [decision.candidate for decision in decisions]
		copy_lists = read_copies(mailing, candidates, [0] * len(candidates))
		return sum(not copy.reason for copies in copy_lists for copy in copies)

	return count


def read_copies(mailing: Mailing, candidates: list[Candidate], numbers: list[int]) -> list[list[Copy]]:
	"""Return the copies of each candidate's mail, sent or not;

	`numbers` are those of the mails in the ledger.
	"""
	named = _field_values(mailing.cc_fields, candidates)
	values = [named.get((candidate.doctype, candidate.record), []) for candidate in candidates]
	known = recipients_store.read_suppressions(rules.valid_addresses(chain.from_iterable(values)))
	return [
		rules.decide_copies(
			number,
			candidate.email,
			own_values,
			partial(recipients_store.strictest_reason, known, target_list=candidate.target_list),
			informational=mailing.informational,
		)
		for candidate, number, own_values in zip(candidates, numbers, values, strict=True)
	]


def _field_values(
	fields: Sequence[CcField], candidates: Iterable[Candidate]
) -> dict[tuple[str, str], list[FieldValue]]:
	"""Return {(doctype, record): values in the order of the fields}, with one query a doctype."""
	records: dict[str, set[str]] = defaultdict(set)
	for candidate in candidates:
		records[candidate.doctype].add(candidate.record)
	columns, values_by_record = _columns(fields), {}
	for doctype, names in records.items():
		own = [column for column in columns if column.field.doctype == doctype]
		for name, *values in _read(doctype, own, names) if own else ():
			values_by_record[doctype, str(name)] = [
				_make_value(column, *values[4 * place : 4 * place + 4]) for place, column in enumerate(own)
			]
	return values_by_record


def _columns(fields: Sequence[CcField]) -> list[_Column]:
	problems = fields_store.problems_with_fields(fields)
	return [
		_Column(field, fields_store.links_to_user(field), problems.get(field.key, "")) for field in fields
	]


def _read(doctype: str, columns: Sequence[_Column], names: Collection[str]) -> Iterable[tuple]:
	"""Return (name, then four values a column) of some records.

	The four are the text, and of a User the address, whether it is enabled, and whether it has opted out.
	"""
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


def _make_value(
	column: _Column, text: str | None, email: str | None, enabled: int | None, opted_out: int | None
) -> FieldValue:
	if column.is_user:
		return rules.user_value(column.field.key, text, email, bool(enabled), bool(opted_out), column.problem)
	return FieldValue(column.field.key, text or "", problem=column.problem)
