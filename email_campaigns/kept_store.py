"""Fields that the app keeps: only its own code writes them, whoever saves the document, and by whatever way.

They are the read-only fields of our doctypes as the app ships them, whatever a site customises, and owner and
creation. A form sends the whole document, with counters that have moved meanwhile, so what it says about them
is not refused but replaced by what is stored. That happens before `validate`, in which the controllers then
write them. Nobody is exempt; jobs write them past the documents.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

DOCTYPES = Path(__file__).parent / "email_campaigns" / "doctype"
# A mail shows what its owner may read. None of our doctypes can be submitted.
STANDARD = ("owner", "creation", "docstatus")
_NUMBERS = ("Check", "Int", "Long Int", "Float")
_WITHOUT_COLUMN = ("HTML", "Button", "Heading", "Section Break", "Column Break", "Tab Break")


@lru_cache
def definition(doctype: str) -> dict[str, Any]:
	"""Return the definition of one of our doctypes, as the app ships it."""
	name = doctype.lower().replace(" ", "_")
	return json.loads((DOCTYPES / name / f"{name}.json").read_text("utf-8"))


@lru_cache
def kept_fields(doctype: str) -> dict[str, Any]:
	"""Return {field that the app keeps: its value in a new document} of one of our doctypes."""
	return {
		field["fieldname"]: _first_value(field)
		for field in definition(doctype)["fields"]
		if field.get("read_only") and field["fieldtype"] not in _WITHOUT_COLUMN
	}


def _first_value(field: dict[str, Any]) -> Any:
	default = field.get("default")
	return int(default or 0) if field["fieldtype"] in _NUMBERS else default


def keep_fields(doc: Document, method: str | None = None) -> None:
	"""before_validate: give the kept fields of a document and its rows the values that are stored.

	Code of the app that makes a document with such fields sets `doc.flags.by_app`, which no request can.
	Raises PermissionError for a new document of a doctype that the app alone writes, and ValidationError for
	a row that belongs to another document, or a field that is neither text nor a number.
	"""
	if doc.flags.by_app:
		return
	_check_kinds(doc)
	before = doc.get_doc_before_save()
	if not before and definition(doc.doctype).get("in_create"):
		frappe.throw(
			_("The app alone makes documents of {0}.").format(_(doc.doctype)), frappe.PermissionError
		)
	_keep(doc, before)
	for table in doc.meta.get_table_fields():
		known = {row.name: row for row in (before.get(table.fieldname) if before else ())}
		for row in doc.get(table.fieldname):
			if before and row.name not in known:
				_check_new(row)
			if (DOCTYPES / frappe.scrub(table.options)).exists():
				_keep(row, known.get(row.name))


def _check_kinds(doc: Document) -> None:
	for part in (doc, *doc.get_all_children()):
		for field in part.meta.get_valid_columns():
			# The framework would take it as a filter where the document is looked up by it.
			if isinstance(part.get(field), dict | list | tuple | set):
				frappe.throw(_("{0} takes a text or a number.").format(_(part.meta.get_label(field))))


def _keep(doc: Document, before: Document | None) -> None:
	for field, value in kept_fields(doc.doctype).items():
		doc.set(field, before.get(field) if before else value)
	if before:
		doc.update({field: before.get(field) for field in STANDARD})
	else:
		doc.docstatus = 0


def _check_new(row: Document) -> None:
	# The framework would take such a row from the document that it belongs to.
	if not row.get("__islocal") and frappe.db.exists(row.doctype, row.name):
		frappe.throw(_("Row {0}: this row belongs to another document.").format(row.idx))


def refuse_row(doc: Document, method: str | None = None) -> None:
	"""before_validate and on_trash of a row: refuse to save or delete it past its document.

	The document checks and completes its rows. Raises PermissionError.
	"""
	frappe.throw(
		_("A row of {0} is changed in its document only.").format(_(doc.doctype)), frappe.PermissionError
	)
