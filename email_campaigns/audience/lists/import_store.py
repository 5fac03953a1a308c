"""Importing a file into a target list, with a report of the lines that did not join.

Each line joins as a plain address, or as the record of a recipient source that has the address; where there
is no such record, the import makes it. Who has opted out in the file does not join, and is suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, groupby
from operator import attrgetter
from typing import BinaryIO

import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.audience.address import address_key, record_key
from email_campaigns.audience.lists.cells import addresses_in
from email_campaigns.audience.lists.csv_file import Line, NewMember, OptedOut, Rejection, read_members
from email_campaigns.audience.lists.fill_store import fill_members
from email_campaigns.audience.lists.import_opt_outs_store import suppress_opted_out
from email_campaigns.audience.lists.import_records_store import RecordMaker
from email_campaigns.audience.lists.import_report_store import (
	KEPT_OUT,
	LEFT_OUT,
	THERE,
	UPDATED,
	ImportReport,
)
from email_campaigns.audience.lists.members_store import (
	SLICE,
	add_addresses,
	add_records,
	present_keys,
	slices,
)
from email_campaigns.audience.lists.rows import UnusableFile
from email_campaigns.audience.lists.table import Table
from email_campaigns.audience.sources_store import source
from email_campaigns.audience.suppression import forgotten_store

RECORDS_SLICE = 200  # lines
_COLUMN = attrgetter("column")


@contextmanager
def open_file(file_url: str) -> Iterator[BinaryIO]:
	"""Open an uploaded file that the user may read. Raises UnusableFile."""
	# Two uploads of the same content share a URL, and one of them may be somebody else's.
	files = [
		frappe.get_doc("File", name) for name in frappe.get_all("File", {"file_url": file_url}, pluck="name")
	]
	file = next((file for file in files if _may_read(file)), None)
	if not file:
		raise UnusableFile(_("There is no file {0} on this site that you may read.").format(file_url))
	if file.is_remote_file:
		# The site fetches no address that a user names: it could be one of its own network.
		raise UnusableFile(_("{0} is a link to another site. Upload the file itself.").format(file_url))
	try:
		stream = open(file.get_full_path(), "rb")  # noqa: SIM115
	except OSError as error:
		raise UnusableFile(
			_("The file {0} is no longer on this site. Upload it again.").format(file_url)
		) from error
	with stream:
		yield stream


def _may_read(file: Document) -> bool:
	try:
		# Unlike the document's own method it writes no message, which would say that the file exists.
		return frappe.has_permission("File", "read", doc=file)
	except frappe.DoesNotExistError:
		frappe.clear_last_message()  # what the file was attached to is gone
		return False


class CsvImport:
	"""One run over the lines of a file; afterwards `report` has every line.

	`mapping` is {field: place of its column, from 0}, None for the columns that are guessed. With a
	`record_type`, a doctype, each address joins as a record.
	"""

	def __init__(
		self,
		target_list: str,
		table: Table,
		report: ImportReport,
		mapping: Mapping[str, int] | None = None,
		record_type: str = "",
	):
		self.target_list = target_list
		self.table = table
		self.mapping = mapping
		self.records = RecordMaker(record_type) if record_type else None
		self.report = report
		self._outcomes: list[tuple[str, Rejection]] = []  # of the lines of this slice that did not join

	def run(self) -> Iterator[int]:
		"""Add the members slice by slice; yield the number of lines read after each, for a commit.

		Raises UnusableFile.
		"""
		languages = frozenset(frappe.get_all("Language", pluck="name"))
		# It takes milliseconds to make a record, and the user wants to see progress.
		size = RECORDS_SLICE if self.records else SLICE
		for lines in slices(read_members(self.table, self.mapping, languages), size):
			known = self._without_forgotten(lines)
			yield from self._keep_out([line for line in known if isinstance(line, OptedOut)])
			self._add([line for line in known if isinstance(line, NewMember)])
			self.report.add(self._outcomes)
			self.report.made = self.records.made if self.records else None
			self._outcomes = []
			yield self.report.lines

	def _keep_out(self, lines: Sequence[OptedOut]) -> Iterator[int]:
		for column, opted_out in groupby(sorted(lines, key=_COLUMN), _COLUMN):
			origin = _("Import into {0}: {1}").format(self.target_list, column)[:140]
			why = _("The person has opted out, says the column “{0}”.").format(column)
			for part in slices(opted_out, RECORDS_SLICE):
				suppress_opted_out([line.email for line in part], origin)
				self._outcomes += [(KEPT_OUT, Rejection(line.line, line.email, why)) for line in part]
				yield self.report.lines

	def _add(self, members: list[NewMember]) -> None:
		if self.records:
			members, rejections = self.records.find_or_make(members)
			self._outcomes += [(LEFT_OUT, line) for line in rejections]
		present = self._join(members) if members else []
		self.report.count_joined(len(members) - len(present))
		updated = fill_members(self.target_list, present) if not self.records else set()
		reasons = {
			UPDATED: _("The address is on the list already. What it lacked was filled in."),
			THERE: _("The address is on the list already."),
		}
		for member in present:
			outcome = UPDATED if member.email in updated else THERE
			self._outcomes.append((outcome, Rejection(member.line, member.email, reasons[outcome])))

	def _join(self, members: list[NewMember]) -> list[NewMember]:
		"""Add members, and return those that were on the list already."""
		if not self.records:
			return add_addresses(self.target_list, members)
		doctype = self.records.doctype
		names = [self.records.names[address_key(member.email)] for member in members]
		present = present_keys(self.target_list, [record_key(doctype, name) for name in names])
		add_records(self.target_list, source(doctype), names)
		return [m for m, name in zip(members, names, strict=True) if record_key(doctype, name) in present]

	def _without_forgotten(self, lines: Sequence[Line]) -> list[NewMember | OptedOut]:
		known = [line for line in lines if not isinstance(line, Rejection)]
		rejected = [line for line in lines if isinstance(line, Rejection)]
		addresses = {line: addresses_in(line.value) for line in rejected if "@" in line.value}
		forgotten = forgotten_store.find_forgotten(
			[*(line.email for line in known), *chain.from_iterable(addresses.values())]
		)
		why = _("The address was forgotten on request.")
		# Without the value: the report must not store the address again.
		self._outcomes += [
			(LEFT_OUT, Rejection(line.line, "", why)) for line in known if line.email in forgotten
		]
		self._outcomes += [
			(LEFT_OUT, replace(line, value="") if forgotten.intersection(addresses.get(line, ())) else line)
			for line in rejected
		]
		return [line for line in known if line.email not in forgotten]
