"""Recipient sources: the doctypes of the settings whose records can be members of target lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.audience.linked_store import linked_sql
from email_campaigns.settings import DOCTYPE, app_settings

PLAIN = "Target List Member"  # the doctype of a plain address, whose record is its own row

# The origin of a Suppressed Email that stands for the tick in the opt-out field of a record.
OPT_OUT_ORIGIN = "Opt-out of "


@dataclass(frozen=True, slots=True)
class Source:
	"""A doctype whose records can be members, with the names of the fields that say how to mail them.

	The properties and `disabled` are SQL expressions over the record `s`; they are empty or 0 for a field
	that the source lacks. `disabled` is 1 where the record is not in use. `linked` are those for the address
	that records to which `s` links have.
	"""

	doctype: str
	email_field: str
	opt_out_field: str = ""
	language_field: str = ""
	time_zone_field: str = ""
	disabled: str = "0"
	linked: tuple[str, ...] = ()

	@property
	def email(self) -> str:
		"""SQL: the record's address as it has it; without one, that of a linked record."""
		own = f"s.`{self.email_field}`"
		if not self.linked:
			return own
		parts = [f"NULLIF({part}, '')" for part in (own, *self.linked)]
		return f"COALESCE({', '.join(parts)})"

	@property
	def opt_out(self) -> str:
		"""SQL: 1 where the record has opted out, else 0."""
		return f"COALESCE(s.`{self.opt_out_field}`, 0)" if self.opt_out_field else "0"

	@property
	def language(self) -> str:
		"""SQL: the record's language, '' where it has none."""
		return _text_sql(self.language_field)

	@property
	def time_zone(self) -> str:
		"""SQL: the record's time zone, '' where it has none."""
		return _text_sql(self.time_zone_field)


def _text_sql(field: str) -> str:
	return f"COALESCE(s.`{field}`, '')" if field else "''"


PLAIN_SOURCE = Source(PLAIN, "email", language_field="language", time_zone_field="time_zone")


def sources() -> dict[str, Source]:
	"""Return {doctype: source} of the enabled sources whose doctype and email field exist on this site."""
	rows = [row for row in app_settings().recipient_sources if row.enabled]
	doctypes = tuple(row.source_doctype for row in rows) or ("",)
	existing = frappe.db.sql("SELECT name FROM `tabDocType` WHERE name IN %s", (doctypes,), pluck=True)
	return {
		row.source_doctype: _source(row)
		for row in rows
		if row.source_doctype in existing and frappe.db.has_column(row.source_doctype, row.email_field)
	}


def _source(row: Document) -> Source:
	fields = (row.opt_out_field, row.language_field, row.time_zone_field)
	opt_out, language, time_zone = (
		field if field and frappe.db.has_column(row.source_doctype, field) else "" for field in fields
	)
	disabled = _disabled_sql(row.source_doctype)
	linked = tuple(linked_sql(row.source_doctype, row.email_field))
	return Source(row.source_doctype, row.email_field, opt_out, language, time_zone, disabled, linked)


def _disabled_sql(doctype: str) -> str:
	field, value = disabled_field(doctype)
	return f"COALESCE(s.`{field}` = {value}, 0)" if field else "0"


def missing_doctypes(doctypes: Iterable[str]) -> set[str]:
	"""Return those of `doctypes` that this site does not have, as after their app was uninstalled."""
	asked = set(doctypes)
	if not asked:
		return set()
	return asked - set(
		frappe.db.sql("SELECT name FROM `tabDocType` WHERE name IN %s", (tuple(asked),), pluck=True)
	)


def remove_missing() -> None:
	"""Remove from the settings the rows of doctypes that this site no longer has, or they can't be saved."""
	for child in ("Campaign Recipient Source", "Campaign CC Field"):
		rows = {"parenttype": DOCTYPE}
		missing = missing_doctypes(frappe.get_all(child, rows, pluck="source_doctype"))
		if missing:
			frappe.db.delete(child, {**rows, "source_doctype": ("in", list(missing))})
			frappe.clear_document_cache(DOCTYPE, DOCTYPE)


def disabled_field(doctype: str) -> tuple[str, int]:
	"""Return the field that says that a record is not in use and its value then, ("", 0) without one."""
	for field, value in (("disabled", 1), ("enabled", 0)):
		if frappe.get_meta(doctype).has_field(field) and frappe.db.has_column(doctype, field):
			return field, value
	return "", 0


def source(doctype: str) -> Source:
	"""Return the recipient source of `doctype`. Raises ValidationError where the settings have none."""
	known = sources()
	if doctype not in known:
		frappe.throw(
			_("{0} is not a recipient source. Add it in the Email Campaign Settings first.").format(
				_(doctype)
			)
		)
	return known[doctype]
