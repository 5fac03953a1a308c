"""Which conditions of a list-view filter a user may use to choose recipients."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import frappe
from frappe.boot import get_additional_filters_from_hooks
from frappe.model import get_permitted_fields, optional_fields
from frappe.utils import get_timespan_date_range

OPERATORS = frozenset(
	{"=", "!=", "<", ">", "<=", ">=", "like", "not like", "in", "not in", "is", "between", "timespan"}
)
OF_TREES = frozenset(
	{"descendants of", "descendants of (inclusive)", "not descendants of", "ancestors of", "not ancestors of"}
)


def can_use(doctype: str, about: str, field: str, operator: str, value: Any) -> bool:
	"""Tell whether a filter of `doctype` may have a condition about it, or about a table in it.

	The user has to be allowed to read the field, since the number of matches tells its value, and the
	framework to make SQL of the condition. Operators are in any case.
	"""
	return field in _readable_fields(doctype, about) and _fits(about, field, operator.lower(), value)


def _readable_fields(doctype: str, about: str) -> set[str]:
	"""Return the fields that the user may read of a doctype, or of a table `about` in it."""
	if about == doctype:
		return _permitted(doctype)
	meta = frappe.get_meta(doctype)
	levels = meta.get_permlevel_access("read")
	tables = {table.options for table in meta.get_table_fields() if table.permlevel in levels}
	return _permitted(about, doctype) if about in tables else set()


def _permitted(doctype: str, parent: str | None = None) -> set[str]:
	permitted = get_permitted_fields(doctype, parenttype=parent, permission_type="read")
	# Tags and assignments are columns that no field describes.
	return {*permitted, *(optional_fields if permitted else ())} & {*frappe.db.get_table_columns(doctype)}


def _fits(about: str, field: str, operator: str, value: Any) -> bool:
	"""Tell whether the framework makes SQL of a condition."""
	if operator in OF_TREES:
		return isinstance(value, str) and _links_to_tree(about, field)
	if operator == "between":
		return isinstance(value, list) and len(value) == 2 and all(map(_is_day, value))
	if operator == "timespan":
		return isinstance(value, str) and bool(get_timespan_date_range(value))
	if operator == "is":
		return value in ("set", "not set")
	if operator in ("in", "not in"):
		return isinstance(value, str) or (isinstance(value, list) and all(map(_is_single, value)))
	if operator in map(str.lower, get_additional_filters_from_hooks()):  # such as ERPNext's fiscal year
		return isinstance(value, str)
	return operator in OPERATORS and _is_single(value)


def _links_to_tree(doctype: str, field: str) -> bool:
	link = frappe.get_meta(doctype).get_field(field)
	return bool(link) and link.fieldtype == "Link" and frappe.get_meta(link.options).is_nested_set()


def _is_single(value: Any) -> bool:
	return value is None or isinstance(value, str | int | float)


def _is_day(value: Any) -> bool:
	try:
		return isinstance(value, str) and bool(datetime.fromisoformat(value))
	except ValueError:
		return False
