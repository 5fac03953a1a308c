"""The records that a user may choose as recipients."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.permissions import get_role_permissions
from frappe.utils import cstr

from email_campaigns.audience import sources_store


def chosen_records(doctype: str, names: str | list | None, filters: str | list | None) -> list[str]:
	"""Return the records that the user named, or that match a list-view filter, and that the user may read.

	Throws ValidationError where there is none.
	"""
	conditions = _parse(filters) if filters is not None else {"name": ("in", _parse(names) or [""])}
	records = frappe.get_list(doctype, filters=conditions, pluck="name", order_by="creation")
	if not records:
		frappe.throw(_("No {0} matches.").format(_(doctype)))
	return records


def _parse(value: str | list | None):
	try:
		return frappe.parse_json(value)
	except ValueError:
		frappe.throw(_("The selection of records can't be read: {0}").format(cstr(value)[:100]))


@frappe.whitelist()
def recipient_doctypes() -> list[str]:
	"""Return the doctypes whose records can join a target list and that the user may read."""
	if not frappe.has_permission("Target List", "read"):
		frappe.throw(_("You have no permission to read target lists."), frappe.PermissionError)
	return list(filter(may_read, sources_store.sources()))


def may_read(doctype: str) -> bool:
	"""Tell whether a role of the user may read records of a doctype.

	Permission to select is not enough: with it the framework lists all users, and as members they would show
	their addresses.
	"""
	return bool(get_role_permissions(frappe.get_meta(doctype)).get("read"))
