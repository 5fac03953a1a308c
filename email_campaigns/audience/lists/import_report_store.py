"""The report of an import: numbers, the first lines for the form, and all that did not join as a file.

The file is attached to the list. It is written line by line, so the report of any file takes little memory;
`audience.suppression.erase_files_store` takes forgotten addresses out of it.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Iterable

import frappe
from frappe import _
from frappe.utils import now_datetime

from email_campaigns.audience.lists.csv_file import Rejection
from email_campaigns.audience.suppression.erase_files_store import REPORT_FIELD
from email_campaigns.characters import plain_cell, without_controls
from email_campaigns.text import Sentence, _lt
from email_campaigns.translation import translate

JOINED = _lt("Joined")
UPDATED = _lt("Updated")
THERE = _lt("Already There")
KEPT_OUT = _lt("Kept Out")
LEFT_OUT = _lt("Left Out")
OUTCOMES = (JOINED, UPDATED, THERE, KEPT_OUT, LEFT_OUT)
SHOWN = frozenset({KEPT_OUT, LEFT_OUT})  # on the form
FORM_LINES = 500


class ImportReport:
	"""Counts lines by their outcome, and stores those that did not join with their reason.

	`made` is the number of records that were made, None where none were to be made.
	"""

	def __init__(self) -> None:
		self.counts: Counter[str] = Counter()
		self.made: int | None = None
		self._form_lines: list[str] = []
		self._hidden = 0
		# A spreadsheet takes a CSV file for UTF-8 only where it begins with the mark.
		self._file = tempfile.TemporaryFile("w+", encoding="utf-8-sig", newline="")  # noqa: SIM115
		self._csv = csv.writer(self._file)
		self._csv.writerow([_("Line"), _("Outcome"), _("Value"), _("Reason")])

	@property
	def lines(self) -> int:
		"""The number of lines so far."""
		return self.counts.total()

	def count_joined(self, number: int) -> None:
		"""Count lines that joined, which have no place in the file."""
		self.counts[JOINED] += number

	def add(self, lines: Iterable[tuple[str, Rejection]]) -> None:
		"""Add (outcome, line with its reason) of one slice of the file."""
		for outcome, line in sorted(lines, key=lambda pair: pair[1].line):
			self.counts[outcome] += 1
			# A plain text is a store's, and in the site's language already.
			why = translate(line.why) if isinstance(line.why, Sentence) else line.why
			cells = [plain_cell(without_controls(text)) for text in (line.value, why)]
			self._csv.writerow([line.line, _(outcome), *cells])
			if outcome in SHOWN:
				self._show(line, why)

	def _show(self, line: Rejection, why: str) -> None:
		if len(self._form_lines) < FORM_LINES:
			shown = without_controls(line.value) or "–"
			self._form_lines.append(_("Line {0}: {1}: {2}").format(line.line, shown, why))
		else:
			self._hidden += 1

	def text(self) -> str:
		"""Return the summary and the first lines, in the site's language."""
		summary = _(
			"{0} lines: {1} joined, {2} updated, {3} already there, {4} opted out and kept out, {5} left out."
		).format(self.lines, *(self.counts[outcome] for outcome in OUTCOMES))
		if self.made is not None:
			summary += " " + _("{0} records were made.").format(self.made)
		hidden = [_("… and {0} more.").format(self._hidden)] if self._hidden else []
		return "\n".join([summary, *self._form_lines, *hidden])

	def save(self, target_list: str) -> str:
		"""Attach the file to the list and return its URL, "" where every line joined."""
		if self.lines == self.counts[JOINED]:
			return ""
		self._file.flush()
		self._file.seek(0)
		values = {
			"doctype": "File",
			"file_name": f"import-{now_datetime():%Y%m%d-%H%M%S}-{frappe.generate_hash(length=6)}.csv",
			"attached_to_doctype": "Target List",
			"attached_to_name": target_list,
			"attached_to_field": REPORT_FIELD,
			"is_private": 1,
			"content": self._file.buffer.read(),
		}
		try:
			return frappe.get_doc(values).insert(ignore_permissions=True).file_url
		except frappe.ValidationError:  # larger than the site allows, or of a kind that it does not allow
			frappe.clear_last_message()
			frappe.log_error(f"Email Campaigns: the report of an import into {target_list} was not saved")
			return ""

	def __enter__(self) -> ImportReport:
		return self

	def __exit__(self, *_error: object) -> None:
		self._file.close()
