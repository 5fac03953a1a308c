"""The records that a user may choose as recipients."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.model import get_permitted_fields
from frappe.model.document import Document
from frappe.permissions import get_role_permissions
from frappe.utils import escape_html, get_timespan_date_range

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.kinds import is_day
from email_campaigns.audience import sources_store

# Of a list view; those of trees need a field that links to a tree.
OPERATORS = frozenset(
	{"=", "!=", "<", ">", "<=", ">=", "like", "not like", "in", "not in", "is", "between", "timespan"}
)
OF_TREES = frozenset(
	{"descendants of", "descendants of (inclusive)", "not descendants of", "ancestors of", "not ancestors of"}
)


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
	records = frappe.get_list(doctype, filters=conditions, pluck="name", order_by="creation")
	if not records:
		frappe.throw(_("No {0} matches.").format(_(doctype)))
	return records


def readable_conditions(doctype: str, filters: list[list[Any]]) -> list[list[Any]]:
	"""Return the conditions of a filter, each with its doctype.

	Throws ValidationError where one is about a field that the user may not read, since the number of matches
	would tell its value, or is none that the database understands.
	"""
	return [_readable_condition(doctype, *condition) for condition in filters]


def _readable_condition(doctype: str, about: str, field: str, operator: str, value: Any) -> list[Any]:
	about = about or doctype
	if field not in _readable_fields(doctype, about) or not _fits(about, field, operator, value):
		frappe.throw(
			_("This condition can't be used: {0}").format(escape_html(f"{field} {operator} {value}"[:100]))
		)
	return [about, field, operator, value]


def _readable_fields(doctype: str, about: str) -> set[str]:
	"""Return the fields that the user may read of a doctype, or of a table `about` in it."""
	if about == doctype:
		return _permitted(doctype)
	tables = {field.options: field for field in frappe.get_meta(doctype).get_table_fields()}
	if about not in tables or tables[about].fieldname not in _readable_fields(doctype, doctype):
		return set()
	return _permitted(about, doctype)


def _permitted(doctype: str, parent: str | None = None) -> set[str]:
	permitted = get_permitted_fields(doctype, parenttype=parent, permission_type="read")
	return {*permitted} & {*frappe.get_meta(doctype).get_valid_columns()}


def _fits(about: str, field: str, operator: str, value: Any) -> bool:
	"""Tell whether the framework makes SQL of a condition."""
	if operator in OF_TREES:
		return isinstance(value, str) and _links_to_tree(about, field)
	if operator == "between":
		return isinstance(value, list) and len(value) == 2 and all(map(is_day, value))
	if operator == "timespan":
		return isinstance(value, str) and bool(get_timespan_date_range(value))
	if operator == "is":
		return value in ("set", "not set")
	if operator in ("in", "not in"):
		return isinstance(value, list | str)
	return operator in OPERATORS and not isinstance(value, list)


def _links_to_tree(doctype: str, field: str) -> bool:
	link = frappe.get_meta(doctype).get_field(field)
	return bool(link) and link.fieldtype == "Link" and frappe.get_meta(link.options).is_nested_set()


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
