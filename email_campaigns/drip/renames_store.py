"""Enrolments follow a recipient's record that gets another name, or is merged into another record."""

from __future__ import annotations

import frappe
from frappe.model.document import Document

from email_campaigns.audience.lists.renames_store import is_source
from email_campaigns.compat import change_latest_rows
from email_campaigns.drip.enrolment_store import GROUPS, UNFINISHED, end_duplicates
from email_campaigns.lifecycle import EMAIL_CAMPAIGN


def wait_for_plans(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""before_rename of any document: let no step be planned while a recipient or its list is renamed.

	The planner holds a lock on each enrolment that it plans: what has read the old name is committed first.
	"""
	if not is_source(doc.doctype) and doc.doctype not in GROUPS:
		return
	change_latest_rows()
	values = {"doctype": doc.doctype, "names": (old, new), "open": UNFINISHED}
	frappe.db.sql(
		"""SELECT e.name FROM `tabEmail Campaign` e WHERE e.recipient IN %(names)s
			AND e.email_campaign_for = %(doctype)s AND e.status IN %(open)s FOR UPDATE""",
		values,
	)
	frappe.db.sql(
		"""SELECT e.name FROM `tabTarget List Member` m STRAIGHT_JOIN `tabEmail Campaign` e
			ON e.recipient = m.target_list AND e.email_campaign_for = 'Target List' AND e.status IN %(open)s
		WHERE m.member_name IN %(names)s AND m.member_doctype = %(doctype)s FOR UPDATE""",
		values,
	)


def follow_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of any document: of two enrolments that a merge gives to one recipient, the later ends."""
	if not merge or not (is_source(doc.doctype) or doc.doctype in GROUPS):
		return
	filters = {"email_campaign_for": doc.doctype, "recipient": new, "status": ("in", UNFINISHED)}
	if names := frappe.get_all(EMAIL_CAMPAIGN, filters, pluck="name"):
		end_duplicates(names)
