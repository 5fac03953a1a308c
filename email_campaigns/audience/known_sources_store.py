"""The recipient sources that a site could have: looked for after the installation of any app and a migration.

What an administrator takes out of the settings stays out: the settings remember it (`removed_sources`), and
their form offers it.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe.model.document import Document

from email_campaigns.audience.known_sources import KNOWN_SOURCES, SOURCE_FIELDS, KnownSource
from email_campaigns.settings import DOCTYPE


def add_new_sources() -> list[str]:
	"""Add to the settings the known sources that this site has, and that nobody has taken out.

	Returns their doctypes.
	"""
	settings = frappe.get_single(DOCTYPE)
	removed = _lines(settings.removed_sources)
	new = [row for row in missing_sources(settings) if row["source_doctype"] not in removed]
	for row in new:
		settings.append("recipient_sources", {"enabled": 1, **row})
	if new:
		# Neither a fault in another field nor a missing right may stop a migration.
		settings.flags.update(ignore_validate=True, ignore_links=True, ignore_mandatory=True)
		settings.save(ignore_permissions=True)
	return [row["source_doctype"] for row in new]


def missing_sources(settings: Document) -> list[dict[str, str]]:
	"""Return the known sources that this site has and `settings` do not name, as values of their rows."""
	present = {row.source_doctype for row in settings.recipient_sources}
	return [
		_row(known) for known in KNOWN_SOURCES if known.source_doctype not in present and _is_usable(known)
	]


def removed_sources(before: Document | None, settings: Document) -> str:
	"""Return the known doctypes that `settings` do not name any more, one a line.

	`before` are the settings as they are stored, with those that were taken out earlier.
	"""
	if not before:
		return ""
	gone = _doctypes(before) - _doctypes(settings)
	# The source of an app that is no longer there comes back with the app.
	taken_out = {known.source_doctype for known in KNOWN_SOURCES if _is_usable(known)} & gone
	return "\n".join(sorted((taken_out | _lines(before.removed_sources)) - _doctypes(settings)))


def owner_fields() -> dict[str, str]:
	"""Return {known doctype of this site: its field that links to the User who looks after a record}."""
	return {
		known.source_doctype: known.owner_field
		for known in KNOWN_SOURCES
		if known.owner_field and _has_field(known.source_doctype, known.owner_field)
	}


def _is_usable(known: KnownSource) -> bool:
	return _has_field(known.source_doctype, known.email_field)


def _has_field(doctype: str, field: str) -> bool:
	# A definition may lack its table while an app is being installed.
	if not frappe.db.exists("DocType", doctype) or not frappe.db.table_exists(doctype, cached=False):
		return False
	return bool(frappe.get_meta(doctype).has_field(field)) and frappe.db.has_column(doctype, field)


def _row(known: KnownSource) -> dict[str, str]:
	"""Return the values of a row of the settings, without fields that this site's version has not."""
	doctype = known.source_doctype
	values = {field: getattr(known, field) for field in SOURCE_FIELDS[1:]}
	kept = {field: value for field, value in values.items() if value and _has_field(doctype, value)}
	return {"source_doctype": doctype, **dict.fromkeys(values, ""), **kept}


def _doctypes(settings: Document) -> set[str]:
	return {row.source_doctype for row in settings.recipient_sources}


def _lines(text: str | None) -> set[str]:
	return set((text or "").splitlines())


def remember_removed(doctypes: Iterable[str]) -> None:
	"""Note that an administrator has taken these sources out of the settings; for a patch."""
	removed = _lines(frappe.db.get_single_value(DOCTYPE, "removed_sources")) | set(doctypes)
	frappe.db.set_single_value(DOCTYPE, "removed_sources", "\n".join(sorted(removed)), update_modified=False)
