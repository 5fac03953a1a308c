"""The definitions of the three doctypes that are in force: ERPNext's or ours, read from the files of the two
apps."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import frappe
from frappe.model import no_value_fields, table_fields

from email_campaigns.erpnext.names import APP, DOCTYPES, MODULE

OURS, OUR_MODULE = "email_campaigns", "Email Campaigns"
_NO_COLUMN = {*no_value_fields, *table_fields}


def is_here() -> bool:
	"""Tell whether ERPNext is installed on this site."""
	return APP in frappe.get_installed_apps()


def is_taken_over(doctype: str, app: str) -> bool:
	"""Tell whether a doctype of this site that belongs to `app` is one of the three that are taken over."""
	in_module = frappe.db.get_value("DocType", doctype, "module") == MODULE
	return app == APP and doctype in DOCTYPES and in_module


@cache
def _definition(app: str, module: str, doctype: str) -> dict:
	folder = Path(frappe.get_app_path(app, frappe.scrub(module), "doctype", frappe.scrub(doctype)))
	return json.loads((folder / f"{frappe.scrub(doctype)}.json").read_text("utf-8"))


def our_definition(doctype: str) -> dict:
	"""Return this app's definition of a doctype."""
	return _definition(OURS, OUR_MODULE, doctype)


def erpnext_definition(doctype: str) -> dict:
	"""Return ERPNext's definition of a doctype."""
	return _definition(APP, MODULE, doctype)


def columns(definition: dict) -> list[str]:
	"""Return the names of a definition's fields that have a column of their own."""
	return [field["fieldname"] for field in definition["fields"] if field["fieldtype"] not in _NO_COLUMN]


def added_columns(doctype: str) -> list[str]:
	"""Return our columns that ERPNext's definition of a doctype does not have."""
	known = set(columns(erpnext_definition(doctype)))
	return [column for column in columns(our_definition(doctype)) if column not in known]


def clash(doctype: str) -> str:
	"""Return the name of a field of our definition that this site has as a Custom Field, "" without one."""
	names = [field["fieldname"] for field in our_definition(doctype)["fields"]]
	return frappe.db.get_value("Custom Field", {"dt": doctype, "fieldname": ("in", names)}, "fieldname") or ""


def put_ours_in_force() -> None:
	"""Put our definitions in force, whatever the order in which the two apps are installed."""
	for doctype in DOCTYPES:
		if frappe.db.get_value("DocType", doctype, "module") != OUR_MODULE:
			_load(OUR_MODULE, doctype)


def put_erpnexts_in_force() -> None:
	"""Put ERPNext's definitions in force again. Rows, and columns that it does not know, stay as they are."""
	for doctype in DOCTYPES:
		_load(MODULE, doctype)


def _load(module: str, doctype: str) -> None:
	frappe.reload_doc(frappe.scrub(module), "doctype", frappe.scrub(doctype), force=True)
	frappe.clear_cache(doctype=doctype)
