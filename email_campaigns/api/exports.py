"""Exports of our lists as CSV and Excel, without formulas.

Names, user agents and answers of mail servers are texts of strangers. Frappe writes them into a file as they
are, and a spreadsheet that opens the file runs those that begin like a formula (OWASP, CSV Injection). The
reports of the app have no such cell (`characters.plain_row`).

Both functions are hooks: another app may have put a function of its own in the place of Frappe's export.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import frappe
from frappe.utils import cint, cstr
from openpyxl import load_workbook
from werkzeug.wrappers import Request, Response

from email_campaigns.characters import plain_cell

EXPORT = "frappe.desk.reportview.export_query"
MODULE = "Email Campaigns"


def stay_in_request() -> None:
	"""Let Frappe 16 answer with the file of one of our lists, and not mail it from a job (before_request)."""
	if _is_export(frappe.request) and _is_ours():
		frappe.form_dict.pop("export_in_background", None)


def remove_formulas(response: Response | None = None, request: Request | None = None) -> None:
	"""Take the formulas out of the file of one of our lists (after_request)."""
	if response is None or request is None or not _is_export(request) or response.status_code != 200:
		return
	kind = cstr(frappe.form_dict.get("file_format_type"))
	if kind not in ("CSV", "Excel") or not _is_ours():
		return
	try:
		response.set_data(_plain_file(response.get_data(), kind))
	except Exception:
		# No file is better than one with formulas.
		response.status_code = 500
		response.set_data(b"")
		frappe.log_error("Email Campaigns: an export could not be made safe")


def _plain_file(content: bytes, kind: str) -> bytes:
	if kind == "Excel":
		return plain_workbook(content)
	form = frappe.form_dict
	quoting = cint(form.get("csv_quoting", csv.QUOTE_NONNUMERIC))
	return plain_csv(content, cstr(form.get("csv_delimiter") or ",")[0], quoting)


def _is_export(request: Request) -> bool:
	return request.path.endswith(f"/{EXPORT}") or frappe.form_dict.get("cmd") == EXPORT


def _is_ours() -> bool:
	doctype = frappe.form_dict.get("doctype")
	module = frappe.get_cached_value("DocType", doctype, "module") if isinstance(doctype, str) else ""
	return module == MODULE


def plain_workbook(content: bytes) -> bytes:
	"""Return an Excel file whose cells that begin like a formula are texts."""
	book, file = load_workbook(io.BytesIO(content)), io.BytesIO()
	for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row):
		if isinstance(cell.value, str):
			cell.value = plain_cell(cell.value)
	book.save(file)
	return file.getvalue()


def plain_csv(content: bytes, delimiter: str, quoting: Any) -> bytes:
	"""Return a CSV file in UTF-8 whose texts do not begin like a formula; `quoting` is a constant of csv."""
	text, file = io.StringIO(content.decode(), newline=""), io.StringIO()
	# The reader makes numbers of what is not quoted, so that it is written without quotes again.
	reading: Any = csv.QUOTE_NONNUMERIC if quoting == csv.QUOTE_NONNUMERIC else csv.QUOTE_MINIMAL
	limit = csv.field_size_limit(max(len(content), csv.field_size_limit()))
	try:
		csv.writer(file, delimiter=delimiter, quoting=quoting).writerows(
			[_plain(cell) for cell in row] for row in csv.reader(text, delimiter=delimiter, quoting=reading)
		)
	finally:
		csv.field_size_limit(limit)
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
