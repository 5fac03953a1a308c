"""Members follow their record when it gets another name, or is merged into another record.

A member's key has the name of its record. Two members of a list that have become one record become one
member: the elder stays, with what a person did for either of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now

from email_campaigns.audience.address import record_key
from email_campaigns.audience.lists import members_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.settings import app_settings

_MEMBER = "name, target_list, member_key, member_doctype, member_name, by_person"
_CONSENT = ("consent_at", "consent_text", "consent_evidence")


def is_source(doctype: str) -> bool:
	"""Tell whether records of a doctype are recipients, also where its source is switched off."""
	return any(row.source_doctype == doctype for row in app_settings().recipient_sources)


def follow_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of any document: let the members that are this record have its name as their key."""
	if not is_source(doc.doctype):
		return
	change_latest_rows()
	rows = frappe.db.sql(
		f"""SELECT {_MEMBER} FROM `tabTarget List Member`
		WHERE member_doctype = %s AND member_name IN (%s, %s) FOR UPDATE""",
		(doc.doctype, old, new),
		as_dict=True,
	)
	# Sorted here: to read them in this order, MariaDB may go through the whole table, and lock it.
	rename_members(sorted(rows, key=lambda row: row.name), doc.doctype, new)
	rename_key(record_key(doc.doctype, old), record_key(doc.doctype, new))
	frappe.db.sql(
		"""UPDATE `tabTarget List Change` SET member_name = %s
		WHERE member_doctype = %s AND member_name = %s""",
		(new, doc.doctype, old),
	)


def rename_members(rows: Iterable[frappe._dict], doctype: str, record: str) -> None:
	"""Make members, rows of any lists in the order of joining, members as one record, one on each list."""
	lists: dict[str, list[frappe._dict]] = defaultdict(list)
	for row in rows:
		lists[row.target_list].append(row)
	for target_list, (elder, *twins) in lists.items():
		if twins:
			_join_twins(elder, twins, record)
		values = {"member_name": record, "member_key": record_key(doctype, record)}
		if any(elder[field] != value for field, value in values.items()):
			frappe.db.set_value("Target List Member", elder.name, values, update_modified=False)
		if twins:
			members_store.update_counts(target_list)


def _join_twins(elder: frappe._dict, twins: list[frappe._dict], record: str) -> None:
	names = tuple(twin.name for twin in twins)
	by_person = any(row.by_person for row in (elder, *twins))
	values = {"by_person": int(by_person), "record_missing": 0, **_consent((elder.name, *names))}
	log_twins(names, record)
	frappe.db.delete("Target List Member", {"name": ("in", names)})
	frappe.db.set_value("Target List Member", elder.name, values, update_modified=False)


def _consent(names: tuple[int, ...]) -> dict[str, object]:
	"""Return the first consent that one of some members gave, as fields; {} where none did."""
	rows = frappe.get_all(
		"Target List Member",
		{"name": ("in", names), "consent_at": ("is", "set")},
		list(_CONSENT),
		order_by="name",
		limit=1,
	)
	return dict(rows[0]) if rows else {}


def log_twins(names: Collection[int], record: str | None = None) -> None:
	"""Log members that another one stands for from now on; `record` is their record's new name, if any."""
	frappe.db.sql(
		"""INSERT INTO `tabTarget List Change` (name, creation, modified, owner, modified_by,
			target_list, movement, feed, email, member_doctype, member_name)
		SELECT NEXTVAL(`target_list_change_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s,
			target_list, 'Left', %(why)s, email, member_doctype, COALESCE(%(record)s, member_name)
		FROM `tabTarget List Member` WHERE name IN %(names)s""",
		{
			"now": now(),
			"user": frappe.session.user,
			"names": tuple(names),
			"record": record,
			"why": _("Merged with another member")[:140],
		},
	)


def rename_key(old: str, new: str) -> None:
	"""Let the feeds that have brought a member know it by its new key."""
	# The comparison is binary too: where a name changes in case alone, both keys are equal for the collation.
	stale = "member_key = %(old)s AND BINARY member_key = BINARY %(old)s"
	values = {"old": old, "new": new}
	frappe.db.sql(
		f"UPDATE IGNORE `tabTarget List Feed Member` SET member_key = %(new)s WHERE {stale}", values
	)
	if old != new:
		frappe.db.sql(f"DELETE FROM `tabTarget List Feed Member` WHERE {stale}", values)


def repair_members(after: int, size: int = members_store.SLICE) -> int:
	"""Repair the keys of the next slice of members above the number `after`; return its last, 0 at the end.

	They are stale where a record got another name while the app did not follow.
	"""
	rows = frappe.db.sql(
		f"""SELECT {_MEMBER} FROM `tabTarget List Member` WHERE name > %s ORDER BY name LIMIT {int(size)}""",
		after,
		as_dict=True,
	)
	for row in rows:
		if row.member_name and row.member_key != record_key(row.member_doctype, row.member_name):
			_repair(row)
	return rows[-1].name if rows else 0


def _repair(row: frappe._dict) -> None:
	twins = frappe.db.sql(
		f"""SELECT {_MEMBER} FROM `tabTarget List Member`
		WHERE target_list = %s AND (name = %s OR member_key = %s) ORDER BY name FOR UPDATE""",
		(row.target_list, row.name, record_key(row.member_doctype, row.member_name)),
		as_dict=True,
	)
	if any(twin.name == row.name for twin in twins):
		rename_members(twins, row.member_doctype, row.member_name)
		rename_key(row.member_key, record_key(row.member_doctype, row.member_name))
