"""Importing a CSV file into a target list: what came in, and a line for each that did not.

Each line joins as a plain address, or as the record of a recipient source that has the address, made where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import frappe
from frappe import _

from email_campaigns.audience.address import address_key, record_key
from email_campaigns.audience.lists.csv_file import NewMember, Rejection, UnusableFile, decode, read_csv
from email_campaigns.audience.lists.import_records_store import RecordMaker
from email_campaigns.audience.lists.members_store import (
	SLICE,
	add_addresses,
	add_records,
	present_keys,
	slices,
)
from email_campaigns.audience.sources_store import source
from email_campaigns.audience.suppression import forgotten_store

RECORDS_SLICE = 200
REPORTED_LINES = 5000  # a report longer than this helps nobody, and must fit into its field


def read_file(file_url: str) -> str:
	"""Return the text of an uploaded file that the user may read. Raises UnusableFile."""
	# Two uploads of the same content share a URL, and one of them may be somebody else's.
	files = [
		frappe.get_doc("File", name) for name in frappe.get_all("File", {"file_url": file_url}, pluck="name")
	]
	file = next((file for file in files if file.has_permission("read")), None)
	if not file:
		raise UnusableFile(_("There is no file {0} on this site that you may read.").format(file_url))
	with open(file.get_full_path(), "rb") as stream:
		return decode(stream.read())


class CsvImport:
	"""One run over the lines of a file. After it, `report` is the text for the user."""

	def __init__(
		self, target_list: str, text: str, mapping: Mapping[str, int] | None = None, record_type: str = ""
	):
		self.target_list = target_list
		self.text = text
		self.mapping = mapping
		self.records = RecordMaker(record_type) if record_type else None
		self.joined = 0
		self.rejections: list[Rejection] = []

	def run(self) -> Iterator[int]:
		"""Add the members slice by slice; yields after each the number of lines read, for the caller to commit."""
		done = 0
		languages = frozenset(frappe.get_all("Language", pluck="name"))
		# A record takes milliseconds to make, and progress is to be seen.
		size = RECORDS_SLICE if self.records else SLICE
		for lines in slices(read_csv(self.text, languages, self.mapping), size):
			self._add([line for line in lines if isinstance(line, NewMember)])
			self.rejections += [line for line in lines if isinstance(line, Rejection)]
			done += len(lines)
			yield done

	def _add(self, members: list[NewMember]) -> None:
		members = self._without_forgotten(members)
		if self.records:
			members, rejections = self.records.find_or_make(members)
			self.rejections += rejections
		present = self._join(members) if members else []
		self.joined += len(members) - len(present)
		why = _("The address is on the list already.")
		self.rejections += [Rejection(member.line, member.email, why) for member in present]

	def _join(self, members: list[NewMember]) -> list[NewMember]:
		"""Add members, and return those that were on the list already."""
		if not self.records:
			return add_addresses(self.target_list, members)
		doctype, found = (
			self.records.doctype,
			[self.records.names[address_key(member.email)] for member in members],
		)
		present = present_keys(self.target_list, [record_key(doctype, name) for name in found])
		add_records(self.target_list, source(doctype), found)
		return [m for m, name in zip(members, found, strict=True) if record_key(doctype, name) in present]

	def _without_forgotten(self, members: list[NewMember]) -> list[NewMember]:
		forgotten = forgotten_store.find_forgotten([member.email for member in members])
		why = _("The address was forgotten on request.")
		# The report does not write the address down again.
		self.rejections += [
			Rejection(member.line, "", why) for member in members if member.email in forgotten
		]
		return [member for member in members if member.email not in forgotten]

	@property
	def report(self) -> str:
		"""Return the summary and, line by line, what was left out and why."""
		lines = sorted(self.rejections, key=lambda rejection: rejection.line)
		summary = _("{0} addresses joined, {1} lines were left out.").format(self.joined, len(lines))
		if self.records:
			summary += " " + _("{0} records were made.").format(self.records.made)
		told = [_("Line {0}: {1}: {2}").format(r.line, r.value or "–", r.why) for r in lines[:REPORTED_LINES]]
		if len(lines) > REPORTED_LINES:
			told.append(_("… and {0} more.").format(len(lines) - REPORTED_LINES))
		return "\n".join([summary, *told])
