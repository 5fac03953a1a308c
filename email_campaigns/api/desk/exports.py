"""Exports of our lists as CSV and Excel, without formulas.

Names, user agents and answers of mail servers are texts of strangers. Frappe writes them into a file as they
are, and a spreadsheet that opens the file runs those that begin like a formula (OWASP, CSV Injection). The
reports of the app have no such cell (`characters.plain_row`).
"""

from __future__ import annotations

import csv
import io
from typing import Any

import frappe
from frappe import _
from frappe.desk import reportview
from frappe.utils import cint, cstr
from openpyxl import load_workbook

from email_campaigns.characters import plain_cell

MODULE = "Email Campaigns"


@frappe.whitelist()
def export_list() -> None:
	"""Answer as frappe.desk.reportview.export_query does, in whose place this stands.

	The file of one of our doctypes has no formulas, and is never made in a background job, which mails it.
	"""
	doctype = frappe.form_dict.get("doctype")
	if not isinstance(doctype, str) or not frappe.db.exists("DocType", doctype):
		frappe.throw(_("Say which list is to be exported."))
	is_ours = frappe.get_meta(doctype).module == MODULE
	if is_ours:
		frappe.form_dict.pop("export_in_background", None)
	reportview.export_query()
	if is_ours and frappe.response.get("filecontent"):
		excel = cstr(frappe.form_dict.get("file_format_type")) == "Excel"
		convert = plain_workbook if excel else _plain_csv
		frappe.response["filecontent"] = convert(frappe.response["filecontent"])


def plain_workbook(content: bytes) -> bytes:
	"""Return an Excel file whose cells that begin like a formula are texts."""
	book, file = load_workbook(io.BytesIO(content)), io.BytesIO()
	for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
		if isinstance(cell.value, str):
			cell.value = plain_cell(cell.value)
	book.save(file)
	return file.getvalue()


def _plain_csv(content: bytes) -> bytes:
	delimiter = cstr(frappe.form_dict.get("csv_delimiter") or ",")[0]
	return plain_csv(content, delimiter, cint(frappe.form_dict.get("csv_quoting", csv.QUOTE_NONNUMERIC)))


def plain_csv(content: bytes, delimiter: str, quoting: Any) -> bytes:
	"""Return a CSV file in UTF-8 whose texts do not begin like a formula; `quoting` is a constant of csv."""
	text = io.StringIO(content.decode(), newline="")
	# The reader makes numbers of what is not quoted, so that it is written without quotes again.
	reading: Any = csv.QUOTE_NONNUMERIC if quoting == csv.QUOTE_NONNUMERIC else csv.QUOTE_MINIMAL
	file = io.StringIO()
	writer = csv.writer(file, delimiter=delimiter, quoting=quoting)
	writer.writerows(
		[_plain(cell) for cell in row] for row in csv.reader(text, delimiter=delimiter, quoting=reading)
	)
	return file.getvalue().encode()


def _plain(cell: str | float) -> str | int | float:
	if isinstance(cell, str):
		return cell if _is_number(cell) else plain_cell(cell)
	return int(cell) if cell.is_integer() else cell


def _is_number(text: str) -> bool:
	try:
		float(text)
	except ValueError:
		return False
	return True
