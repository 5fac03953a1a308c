"""Recipient sources: the doctypes of the settings whose records can be members of target lists."""

from __future__ import annotations

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.settings import app_settings

PLAIN = "Target List Member"  # the doctype of a plain address, whose record is its own row


@dataclass(frozen=True, slots=True)
class Source:
	"""A doctype whose records can be members, with the names of the fields that say how to mail them.

	The properties are SQL expressions over the record `s`; they are empty or 0 for a field that the source
	lacks.
	"""

	doctype: str
	email_field: str
	opt_out_field: str = ""
	language_field: str = ""
	time_zone_field: str = ""

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
	rows = app_settings().recipient_sources
	return {
		row.source_doctype: _source(row)
		for row in rows
		if row.enabled and _exists(row.source_doctype, row.email_field)
	}


def _exists(doctype: str, field: str) -> bool:
	return bool(frappe.db.exists("DocType", doctype)) and frappe.db.has_column(doctype, field)


def _source(row: Document) -> Source:
	fields = (row.opt_out_field, row.language_field, row.time_zone_field)
	present = (field if field and _exists(row.source_doctype, field) else "" for field in fields)
	return Source(row.source_doctype, row.email_field, *present)


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
