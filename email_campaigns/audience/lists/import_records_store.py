"""Records for the addresses of an imported file: existing records with the address, or new ones.

The permissions of the user who imports hold for all of it. Where a record can't be made, its line is
rejected, and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _
from frappe.model.meta import Meta
from frappe.utils import strip_html

from email_campaigns.audience.address import address_key
from email_campaigns.audience.lists.csv_file import NewMember, Rejection
from email_campaigns.audience.sources_store import Source, source, sources
from email_campaigns.settings import app_settings

# A new user gets a password and a welcome mail, and a list is no reason for these.
NEVER_MADE = frozenset({"User"})
CONTACT = "Contact"
_SIMPLE = ("Data", "Small Text", "Select", "Link", "Phone", "Date", "Int", "Float", "Check")
_MEMBER_FIELDS = frozenset({"first_name", "last_name", "email_id", "email", "language"})
_SAVEPOINT = "ec_import_record"


def makable_doctypes() -> list[str]:
	"""Return the doctypes of recipient sources of which the user of this session may make records."""
	return [
		doctype
		for doctype in sources()
		if doctype not in NEVER_MADE
		and frappe.has_permission(doctype, "create")
		and frappe.has_permission(doctype, "read")
	]


def record_fields(doctype: str) -> list[dict[str, str]]:
	"""Return {"fieldname", "label"} of a record's fields that a column can fill, beside address and name."""
	return [
		{"fieldname": field.fieldname, "label": _(field.label)}
		for field in frappe.get_meta(doctype).fields
		if field.fieldtype in _SIMPLE
		and field.label
		and not (field.read_only or field.hidden or field.permlevel)
		and field.fieldname not in _MEMBER_FIELDS
	]


class RecordMaker:
	"""Finds and makes records of one doctype.

	`names` is {address key: name of the record}, `made` the number of new records. Raises ValidationError
	where the doctype is not a recipient source.
	"""

	def __init__(self, doctype: str):
		self.origin: Source = source(doctype)
		self.doctype = doctype
		self.names: dict[str, str] = {}
		self.made = 0
		self._name_field = _name_field(doctype)

	def find_or_make(self, members: Sequence[NewMember]) -> tuple[list[NewMember], list[Rejection]]:
		"""Find or make a record for each member; return the members with a record and the rejections."""
		self.names |= self._find([member.email for member in members])
		rejections = []
		for member in members:
			if address_key(member.email) not in self.names and (why := self._make(member)):
				rejections.append(Rejection(member.line, member.email, why))
		return [member for member in members if address_key(member.email) in self.names], rejections

	def _find(self, emails: list[str]) -> dict[str, str]:
		field = self.origin.email_field
		rows = frappe.get_list(
			self.doctype,
			filters={field: ("in", emails or [""])},
			fields=["name", f"{field} as address"],
			order_by="creation desc",
			limit=0,
		)
		# Of several records the oldest wins.
		return {address_key(row.address.strip()): row.name for row in rows}

	def _make(self, member: NewMember) -> str:
		"""Make a record; return "", or the sentence that says why it can't be made."""
		frappe.db.savepoint(_SAVEPOINT)
		messages = frappe.local.message_log
		try:
			doc = frappe.get_doc({"doctype": self.doctype, **self._values(member)}).insert()
		except Exception as error:
			if frappe.db.is_deadlocked(error) or frappe.db.is_timedout(error):
				raise
			frappe.db.rollback(save_point=_SAVEPOINT)
			frappe.local.message_log = messages
			return strip_html(str(error))[:200] or _("The record can't be made.")
		self.names[address_key(member.email)] = doc.name
		self.made += 1
		return ""

	def _values(self, member: NewMember) -> dict[str, Any]:
		values = {**dict(member.more), **_names(member, frappe.get_meta(self.doctype), self._name_field)}
		if self.origin.language_field and member.language:
			values[self.origin.language_field] = member.language
		if self.doctype == CONTACT:
			# The address of a contact follows from this table.
			return {**values, "email_ids": [{"email_id": member.email, "is_primary": 1}]}
		return {**values, self.origin.email_field: member.email}


def _names(member: NewMember, meta: Meta, name_field: str) -> dict[str, str]:
	first = member.first_name or member.last_name or member.email.partition("@")[0]
	if meta.has_field("first_name"):
		last = member.last_name if member.first_name else ""
		return {"first_name": first, **({"last_name": last} if meta.has_field("last_name") else {})}
	return {name_field: f"{member.first_name} {member.last_name}".strip() or first} if name_field else {}


def _name_field(doctype: str) -> str:
	rows = app_settings().recipient_sources
	return next((row.name_field or "" for row in rows if row.source_doctype == doctype), "")
