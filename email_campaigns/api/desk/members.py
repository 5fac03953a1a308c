"""Members of a target list: import of a CSV file, and records. Each checks the permission on the list."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.desk.records import chosen_records, may_read
from email_campaigns.api.kinds import Conditions, Mapping, Name, Names, Text
from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import csv_file, import_records_store, progress_store
from email_campaigns.audience.lists.csv_file import COLUMNS, OF_RECORD, CsvColumn, UnusableFile
from email_campaigns.audience.lists.import_store import read_file
from email_campaigns.jobs import lists
from email_campaigns.text import Sentence, _lt
from email_campaigns.translation import translate

LABELS = {
	"email": _lt("Email"),
	"first_name": _lt("First Name"),
	"last_name": _lt("Last Name"),
	"language": _lt("Language"),
}


def _check_may_write(target_list: str) -> None:
	load("Target List", target_list, "write")


@frappe.whitelist(methods=["POST"])
@checked
def csv_columns(target_list: Name, file_url: Text) -> dict:
	"""Return the columns of an uploaded file, and the doctypes of which an import may make records.

	{"columns": [{"name", "samples", "field": its likeliest use}], "record_types": doctypes}.
	"""
	_check_may_write(target_list)
	try:
		columns = csv_file.csv_columns(read_file(file_url))
	except UnusableFile as error:
		frappe.throw(translate(error), title=_("This File Can't Be Imported"))
	return {
		"columns": [{**asdict(column), "name": _shown_name(column)} for column in columns],
		"record_types": import_records_store.makable_doctypes(),
	}


def _shown_name(column: CsvColumn) -> str:
	# What the user's own heading says is not ours to translate.
	return translate(column.name) if isinstance(column.name, Sentence) else column.name


@frappe.whitelist()
@checked
def fields(target_list: Name, record_type: Text = "") -> list[dict]:
	"""Return {"value", "label"} of the fields that a column can fill, also those of a `record_type`."""
	_check_may_write(target_list)
	own = [{"value": field, "label": _(LABELS[field])} for field in COLUMNS]
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
def import_members(target_list: Name, file_url: Text, mapping: Mapping, record_type: Text = "") -> None:
	"""Import a file in the background; `mapping` is {field: number of its column, from 0}.

	With a `record_type`, each address joins as the record that has it; a record is made where there is none.
	"""
	_check_may_write(target_list)
	known = {field["value"] for field in fields(target_list, record_type)}
	if unknown := sorted(set(mapping) - known):
		frappe.throw(_("A column can't fill this field: {0}").format(", ".join(unknown)))
	if "email" not in mapping:
		frappe.throw(_("Choose the column that holds the email address."))
	progress_store.save_progress(target_list, 0, 1)
	values = {
		"target_list": target_list,
		"file_url": file_url,
		"mapping": mapping,
		"record_type": record_type,
	}
	frappe.enqueue(lists.import_members, queue="long", timeout=3600, **values)


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
