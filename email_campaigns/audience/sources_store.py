"""Recipient sources: the doctypes whose records can be members, as the settings name them."""

from __future__ import annotations

from dataclasses import dataclass

import frappe

from email_campaigns.settings import app_settings

PLAIN = "Target List Member"  # what a plain address is a record of: its own row


@dataclass(frozen=True, slots=True)
class Source:
	"""A doctype whose records can be members, and the names of the fields that say how to mail them.

	The properties are SQL over the record `s`; a field that the source does not have reads as empty.
	"""

	doctype: str
	email_field: str
	opt_out_field: str = ""
	language_field: str = ""
	time_zone_field: str = ""

	@property
	def opt_out(self) -> str:
		return f"COALESCE(s.`{self.opt_out_field}`, 0)" if self.opt_out_field else "0"

	@property
	def language(self) -> str:
		return _text(self.language_field)

	@property
	def time_zone(self) -> str:
		return _text(self.time_zone_field)


def _text(field: str) -> str:
	return f"COALESCE(s.`{field}`, '')" if field else "''"


PLAIN_SOURCE = Source(PLAIN, "email", language_field="language", time_zone_field="time_zone")


def sources() -> dict[str, Source]:
	"""Return the enabled recipient sources of the settings whose doctype and email field exist on this site."""
	rows = app_settings().recipient_sources
	return {
		row.source_doctype: _source(row)
		for row in rows
		if row.enabled and _exists(row.source_doctype, row.email_field)
	}


def _exists(doctype: str, field: str) -> bool:
	return bool(frappe.db.exists("DocType", doctype)) and frappe.db.has_column(doctype, field)


def _source(row) -> Source:
	fields = (row.opt_out_field, row.language_field, row.time_zone_field)
	present = (field if field and _exists(row.source_doctype, field) else "" for field in fields)
	return Source(row.source_doctype, row.email_field, *present)


def source(doctype: str) -> Source:
	"""Return the recipient source of `doctype`. Raises ValidationError where the settings have none."""
	found = sources().get(doctype)
	if not found:
		frappe.throw(
			frappe._("{0} is not a recipient source. Add it in the Email Campaign Settings first.").format(
				frappe._(doctype)
			)
		)
	return found
