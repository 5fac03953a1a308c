"""What may be shown to a user: records by the permission on each of them, and their fields by its level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import cast

import frappe
from frappe import _

from email_campaigns.audience.decide import Candidate
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.sources_store import PLAIN
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.record_rights_store import may_read_any

SLICE = 200
LOOKED_AT = 2000  # members among whom the first that a user may see is looked for


def readable_records(records: Iterable[tuple[str, str]], user: str) -> set[tuple[str, str]]:
	"""Return those of some records, (doctype, name), that a user may read: one query a doctype."""
	names: dict[str, set[str]] = defaultdict(set)
	for doctype, name in records:
		if doctype and name:
			names[doctype].add(str(name))
	return {
		(doctype, str(name))
		for doctype, wanted in names.items()
		if may_read_any(doctype, user)
		for name in frappe.get_list(
			doctype, filters={"name": ("in", sorted(wanted))}, pluck="name", user=user, limit_page_length=0
		)
	}


def may_read(doctype: str, name: str, user: str) -> bool:
	"""Tell whether a user may read a record, which exists."""
	return may_read_any(doctype, user) and bool(frappe.has_permission(doctype, "read", doc=name, user=user))


def first_shown(mailing: Mailing, user: str) -> Candidate:
	"""Return the first member of a mailing's lists whose record a user may read.

	Raises ValidationError where the lists are empty, or have none among their first LOOKED_AT members.
	"""
	shown, looked = None, 0
	for members in _first_slices(mailing):
		shown, looked = next(_shown(members, user), None), looked + len(members)
		if shown:
			break
	if not looked:
		frappe.throw(_("The target lists have no members to show the mail for. Choose a recipient."))
	if not shown:
		sentence = _("You may read none of the first {0} recipients. Choose a recipient whom you may read.")
		frappe.throw(sentence.format(looked))
	return cast(Candidate, shown)


def _first_slices(mailing: Mailing) -> Iterator[list[Candidate]]:
	cursor = 0
	for _slice in range(LOOKED_AT // SLICE):
		members = members_store.read_slice(mailing.lists, mailing.excluding, cursor, SLICE)
		if not members:
			return
		yield members
		cursor = members[-1].member


def shown_candidates(members: Iterable[Candidate], user: str) -> list[Candidate]:
	"""Return those of some members whose records a user may read."""
	return list(_shown(members, user))


def _shown(members: Iterable[Candidate], user: str) -> Iterator[Candidate]:
	members = list(members)
	readable = readable_records(((member.doctype, member.record) for member in members), user)
	for member in members:
		# Hooks of an app may refuse what its list shows.
		if (member.doctype, str(member.record)) in readable and may_read(member.doctype, member.record, user):
			yield member


def first_shown_member(doctype: str, members: Iterable[str], user: str) -> tuple[str, str]:
	"""Return (doctype, record) of the first member of a group whom a user may read.

	`members` are names of rows of `doctype`; a row of a target list may stand for a record. Raises
	ValidationError where there is none.
	"""
	records = _records_of(doctype, [str(name) for name in members])
	readable = readable_records(records, user)
	shown = next((record for record in records if record in readable and may_read(*record, user)), None)
	if not shown:
		frappe.throw(_("You may read none of the first {0} recipients.").format(len(records)))
	return cast(tuple[str, str], shown)


def _records_of(doctype: str, names: list[str]) -> list[tuple[str, str]]:
	if doctype != PLAIN:
		return [(doctype, name) for name in names]
	rows = frappe.get_all(
		PLAIN, {"name": ("in", names)}, ["name", "member_doctype", "member_name"], order_by="name"
	)
	return [
		(row.member_doctype, row.member_name) if row.member_doctype else (PLAIN, str(row.name))
		for row in rows
	]
