"""Importing a CSV file into a target list, with a report of the lines that did not join.

Each line joins as a plain address, or as the record of a recipient source that has the address; where there
is no such record, the import makes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import frappe
from frappe import _
from frappe.model.document import Document

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
from email_campaigns.text import Sentence
from email_campaigns.translation import translate

RECORDS_SLICE = 200  # lines
REPORTED_LINES = 5000  # a longer report helps nobody, and would not fit into its field


def read_file(file_url: str) -> str:
	"""Return the text of an uploaded file that the user may read. Raises UnusableFile."""
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
		with open(file.get_full_path(), "rb") as stream:
			return decode(stream.read())
	except OSError as error:
		raise UnusableFile(
			_("The file {0} is no longer on this site. Upload it again.").format(file_url)
		) from error


def _may_read(file: Document) -> bool:
	try:
		# Unlike the document's own method it writes no message, which would say that the file exists.
		return frappe.has_permission("File", "read", doc=file)
	except frappe.DoesNotExistError:
		frappe.clear_last_message()  # what the file was attached to is gone
		return False


class CsvImport:
	"""One run over the lines of a file. Afterwards `report` is the text for the user.

	`mapping` is {field: place of its column, from 0}, None for the names in the heading. With a
	`record_type`, a doctype, each address joins as a record.
	"""

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
		"""Add the members slice by slice; yield the number of lines read after each, for a commit.

		Raises UnusableFile.
		"""
		done = 0
		languages = frozenset(frappe.get_all("Language", pluck="name"))
		# It takes milliseconds to make a record, and the user wants to see progress.
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
		doctype = self.records.doctype
		names = [self.records.names[address_key(member.email)] for member in members]
		present = present_keys(self.target_list, [record_key(doctype, name) for name in names])
		add_records(self.target_list, source(doctype), names)
		return [m for m, name in zip(members, names, strict=True) if record_key(doctype, name) in present]

	def _without_forgotten(self, members: list[NewMember]) -> list[NewMember]:
		forgotten = forgotten_store.find_forgotten([member.email for member in members])
		why = _("The address was forgotten on request.")
		# Without the value: the report must not store the address again.
		self.rejections += [
			Rejection(member.line, "", why) for member in members if member.email in forgotten
		]
		return [member for member in members if member.email not in forgotten]

	@property
	def report(self) -> str:
		"""The summary, and a line for each rejection with its reason, in the site's language."""
		lines = sorted(self.rejections, key=lambda rejection: rejection.line)
		summary = _("{0} addresses joined, {1} lines were left out.").format(self.joined, len(lines))
		if self.records:
			summary += " " + _("{0} records were made.").format(self.records.made)
		reported = [_report_line(rejection) for rejection in lines[:REPORTED_LINES]]
		if len(lines) > REPORTED_LINES:
			reported.append(_("… and {0} more.").format(len(lines) - REPORTED_LINES))
		return "\n".join([summary, *reported])


def _report_line(rejection: Rejection) -> str:
	# A plain text is a store's, and in the site's language already.
	why = translate(rejection.why) if isinstance(rejection.why, Sentence) else rejection.why
	return _("Line {0}: {1}: {2}").format(rejection.line, rejection.value or "–", why)
