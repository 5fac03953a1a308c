"""Members of a target list: import of a CSV file, and records. Each checks the permission on the list."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.desk.records import chosen_records, may_read
from email_campaigns.api.kinds import Conditions, Mapping, Name, Names, Number, Text
from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import csv_file, import_records_store, progress_store
from email_campaigns.audience.lists.cells import plain_text
from email_campaigns.audience.lists.columns import COLUMNS, OPTED_OUT
from email_campaigns.audience.lists.csv_file import OF_RECORD, CsvColumn
from email_campaigns.audience.lists.encoding import ENCODINGS
from email_campaigns.audience.lists.import_store import open_file
from email_campaigns.audience.lists.rows import Row, UnusableFile
from email_campaigns.audience.lists.table import SEPARATOR_LABELS, Layout, Table, open_table
from email_campaigns.jobs import lists
from email_campaigns.text import Sentence, _lt
from email_campaigns.translation import translate

LABELS = {
	"email": _lt("Email"),
	"first_name": _lt("First Name"),
	"last_name": _lt("Last Name"),
	"language": _lt("Language"),
	OPTED_OUT: _lt("Opted Out"),
}
SHOWN_LENGTH = 60  # characters of a cell
SHOWN_COLUMNS = 12


def _check_may_write(target_list: str) -> None:
	load("Target List", target_list, "write")


@frappe.whitelist(methods=["POST"])
@checked
def csv_columns(  # noqa: PLR0913 - what a request sends is flat
	target_list: Name,
	file_url: Text,
	encoding: Text = "",
	separator: Text = "",
	heading: Number | None = None,
	sheet: Text = "",
) -> dict:
	"""Return how an uploaded file is read, its first lines and columns, and what records an import may make.

	`encoding`, `separator`, `heading` and `sheet` are those of table.Layout; what is not given is guessed.
	{"layout": the four values that are used, "choices": {"encoding", "separator", "sheet"} with lists of
	{"value", "label"}, "lines": [{"line": its number, "cells", "problem": why it can't join, or ""}],
	"columns": [{"name", "samples", "field": its likeliest use}], "record_types": doctypes}.
	"""
	_check_may_write(target_list)
	try:
		with open_file(file_url) as stream:
			table = open_table(stream, Layout(encoding, separator, heading, sheet), frappe.local.lang or "")
			shown = _shown_table(table)
	except UnusableFile as error:
		frappe.throw(translate(error), title=_("This File Can't Be Imported"))
	return {**shown, "record_types": import_records_store.makable_doctypes()}


def _shown_table(table: Table) -> dict:
	columns = csv_file.read_columns(table)
	return {
		"layout": asdict(table.layout),
		"choices": _choices(table),
		"lines": [_shown_line(row) for row in table.first_rows()],
		"columns": [{**asdict(column), "name": _shown_name(column)} for column in columns],
	}


def _shown_line(row: Row) -> dict:
	cells = [plain_text(cell)[:SHOWN_LENGTH] for cell in row.cells[:SHOWN_COLUMNS]]
	return {"line": row.line, "cells": cells, "problem": translate(row.problem) if row.problem else ""}


def _choices(table: Table) -> dict[str, list[dict[str, str]]]:
	if table.sheets:
		return {"encoding": [], "separator": [], "sheet": [{"value": s, "label": s} for s in table.sheets]}
	return {
		"encoding": [{"value": value, "label": label} for value, label in ENCODINGS.items()],
		"separator": [{"value": value, "label": _(label)} for value, label in SEPARATOR_LABELS.items()],
		"sheet": [],
	}


def _shown_name(column: CsvColumn) -> str:
	# What the user's own heading says is not ours to translate.
	return translate(column.name) if isinstance(column.name, Sentence) else column.name


@frappe.whitelist()
@checked
def fields(target_list: Name, record_type: Text = "") -> list[dict]:
	"""Return {"value", "label"} of the fields that a column can fill, also those of a `record_type`."""
	_check_may_write(target_list)
	own = [{"value": field, "label": _(LABELS[field])} for field in (*COLUMNS, OPTED_OUT)]
	if not record_type:
		return own
	_check_makable(record_type)
	return own + [
		{"value": OF_RECORD + field["fieldname"], "label": field["label"]}
		for field in import_records_store.record_fields(record_type)
	]


def _check_makable(record_type: str) -> None:
	if record_type not in import_records_store.makable_doctypes():
		frappe.throw(
			_("You can't make records of {0} by an import.").format(_(record_type)), frappe.PermissionError
		)


@frappe.whitelist(methods=["POST"])
@checked
def import_members(  # noqa: PLR0913 - what a request sends is flat
	target_list: Name,
	file_url: Text,
	mapping: Mapping,
	record_type: Text = "",
	encoding: Text = "",
	separator: Text = "",
	heading: Number | None = None,
	sheet: Text = "",
) -> None:
	"""Import a file in the background; `mapping` is {field: number of its column, from 0}.

	Several columns may be OPTED_OUT, under keys that begin with it: "opted_out:4". With a `record_type`, each
	address joins as the record that has it; a record is made where there is none. `encoding`, `separator`,
	`heading` and `sheet` are those that `csv_columns` has answered.
	"""
	_check_may_write(target_list)
	known = {field["value"] for field in fields(target_list, record_type)}
	if unknown := sorted(key for key in mapping if not _is_known(key, known)):
		frappe.throw(_("A column can't fill this field: {0}").format(", ".join(unknown)))
	if "email" not in mapping:
		frappe.throw(_("Choose the column that holds the email address."))
	progress_store.save_progress(target_list, 0, 1)
	values = {
		"target_list": target_list,
		"file_url": file_url,
		"mapping": mapping,
		"record_type": record_type,
		"layout": asdict(Layout(encoding, separator, heading, sheet)),
	}
	frappe.enqueue(lists.import_members, queue="long", timeout=3600, **values)


def _is_known(key: str, known: set[str]) -> bool:
	return key in known or key.partition(":")[0] == OPTED_OUT


@frappe.whitelist(methods=["POST"])
@checked
def add_members(
	target_list: Name, doctype: Name, names: Names | None = None, filters: Conditions | None = None
) -> int:
	"""Add records to a target list in the background: those named, or all that match a list-view filter.

	Returns the number of records. Throws PermissionError where the user may not read them.
	"""
	_check_may_write(target_list)
	sources_store.source(doctype)
	if not may_read(doctype):
		frappe.throw(_("You have no permission to read {0}.").format(_(doctype)), frappe.PermissionError)
	records = chosen_records(doctype, names, filters)
	progress_store.save_progress(target_list, 0, len(records))
	values = {"target_list": target_list, "doctype": doctype, "names": records}
	frappe.enqueue(lists.add_members, queue="long", timeout=3600, **values)
	return len(records)


@frappe.whitelist()
@checked
def members_progress(target_list: Name) -> dict:
	"""Return {"adding": {"done", "total"}, None while no members are being added; "modified"} of a list."""
	doc = load("Target List", target_list)
	return {"adding": progress_store.read_progress(target_list), "modified": str(doc.modified)}
