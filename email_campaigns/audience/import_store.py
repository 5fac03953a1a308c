"""Importing a CSV file into a target list: what came in, and a line for each that did not."""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe import _

from email_campaigns.audience import forgotten_store
from email_campaigns.audience.members import NewMember, Rejection, UnusableFile, decode, read_csv
from email_campaigns.audience.store import SLICE, add_plain, slices

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


class Import:
	"""One run over the lines of a file. After it, `report` is the text for the user."""

	def __init__(self, target_list: str, text: str):
		self.target_list = target_list
		self.text = text
		self.joined = 0
		self.rejections: list[Rejection] = []

	def run(self) -> Iterator[int]:
		"""Add the members slice by slice; yields after each the number of lines read, for the caller to commit."""
		done = 0
		languages = frozenset(frappe.get_all("Language", pluck="name"))
		for lines in slices(read_csv(self.text, languages), SLICE):
			self._add([line for line in lines if isinstance(line, NewMember)])
			self.rejections += [line for line in lines if isinstance(line, Rejection)]
			done += len(lines)
			yield done

	def _add(self, members: list[NewMember]) -> None:
		members = self._without_forgotten(members)
		present = add_plain(self.target_list, members) if members else []
		self.joined += len(members) - len(present)
		why = _("The address is on the list already.")
		self.rejections += [Rejection(member.line, member.email, why) for member in present]

	def _without_forgotten(self, members: list[NewMember]) -> list[NewMember]:
		forgotten = forgotten_store.which([member.email for member in members])
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
		told = [_("Line {0}: {1}: {2}").format(r.line, r.value or "–", r.why) for r in lines[:REPORTED_LINES]]
		if len(lines) > REPORTED_LINES:
			told.append(_("… and {0} more.").format(len(lines) - REPORTED_LINES))
		return "\n".join([summary, *told])
