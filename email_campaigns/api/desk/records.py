"""The records that a user may choose as recipients."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.permissions import get_role_permissions
from frappe.utils import escape_html

from email_campaigns.api.arguments import checked, load
from email_campaigns.audience import sources_store
from email_campaigns.audience.conditions_store import can_use


def load_record(doctype: str, record: str) -> Document:
	"""Return a record of a recipient source, or a Target List Member, that the user may read.

	Throws ValidationError for another doctype, and PermissionError.
	"""
	if doctype != sources_store.PLAIN:
		sources_store.source(doctype)
	return load(doctype, record)


def chosen_records(doctype: str, names: list[str] | None, filters: list[list[Any]] | None) -> list[str]:
	"""Return the records that the user named, or that match a list-view filter, and that the user may read.

	Throws ValidationError where there is none, or the filter asks for what the user may not read.
	"""
	conditions = {"name": ("in", names or [""])} if filters is None else readable_conditions(doctype, filters)
	# A condition on a table joins it, which has this column too, and gives a record for each of its rows.
	order = f"`tab{doctype}`.`creation`"
	records = list(dict.fromkeys(frappe.get_list(doctype, filters=conditions, pluck="name", order_by=order)))
	if not records:
		frappe.throw(_("No {0} matches.").format(_(doctype)))
	return records


def readable_conditions(doctype: str, filters: list[list[Any]]) -> list[list[Any]]:
	"""Return the conditions of a filter, each with its doctype.

	Throws ValidationError where one can't be used (conditions_store.can_use).
	"""
	conditions = [[about or doctype, *rest] for about, *rest in filters]
	for condition in conditions:
		if not can_use(doctype, *condition):
			shown = " ".join(map(str, condition[1:]))[:100]
			frappe.throw(_("This condition can't be used: {0}").format(escape_html(shown)))
	return conditions


@frappe.whitelist()
@checked
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
