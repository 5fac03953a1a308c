"""The fields whose people get copies (CC): offered by the settings, chosen by a mailing, usable or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import frappe
from frappe import _

from email_campaigns.delivery.copies.rules import GONE, MOST_CHOSEN, MOST_OFFERED, SWITCHED_OFF
from email_campaigns.delivery.mailing.mailing import CcField

SETTINGS = "Email Campaign Settings"
ADDRESS, USER = "address", "user"
OWNER = "owner"  # of every record: the User who made it, or to whom it was given


def offered_fields() -> list[CcField]:
	"""Return the fields that the settings have enabled and that exist."""
	return [field for field in map(CcField.from_key, enabled_keys()) if field_exists(field)]


def enabled_keys() -> list[str]:
	"""Return the keys of the fields that the settings have enabled, in the settings' order."""
	# From the database, since a job must see at once that a field is switched off while it runs.
	rows = frappe.get_all(
		"Campaign CC Field",
		{"parent": SETTINGS, "enabled": 1},
		["source_doctype", "cc_fieldname"],
		order_by="idx",
	)
	return [CcField(row.source_doctype, row.cc_fieldname).key for row in rows]


def problems_with_fields(fields: Iterable[CcField]) -> dict[str, str]:
	"""Return {key: reason why nobody is copied from it} of the fields that can't be used now."""
	enabled = enabled_keys()
	return {
		field.key: GONE if not field_exists(field) else SWITCHED_OFF
		for field in fields
		if field.key not in enabled or not field_exists(field)
	}


def field_exists(field: CcField) -> bool:
	"""Tell whether a field exists and can hold an address or link to a User."""
	return bool(_kind(field)) and frappe.db.has_column(field.doctype, field.fieldname)


def links_to_user(field: CcField) -> bool:
	"""Tell whether a field links to a User, so that the User's address gets the copy."""
	return _kind(field) == USER


def _kind(field: CcField) -> str:
	"""Return the kind of a field: ADDRESS, USER, or "" for any other and for one that does not exist."""
	if not field.doctype or not frappe.db.exists("DocType", field.doctype):
		return ""
	meta = frappe.get_meta(field.doctype)
	if meta.issingle or meta.istable:
		return ""
	return USER if field.fieldname == OWNER else _docfield_kind(meta.get_field(field.fieldname))


def _docfield_kind(df) -> str:
	if not df or df.get("is_virtual"):
		return ""
	if df.fieldtype == "Link" and df.options == "User":
		return USER
	return ADDRESS if df.fieldtype == "Data" else ""


def newly_disabled(before: Iterable, after: Iterable) -> list[str]:
	"""Return the keys that are enabled in the rows `before` (Campaign CC Field) and not in `after`."""
	return sorted(_enabled(before) - _enabled(after))


def _enabled(rows: Iterable) -> set[str]:
	return {CcField(row.source_doctype, row.cc_fieldname).key for row in rows if row.enabled}


def summarise(rows: Sequence) -> str:
	"""Return the text for the chosen CC fields of a mailing in the list of mailings, "" where it has none."""
	if len(rows) == 1:
		return _("CC: 1 field")
	return _("CC: {0} fields").format(len(rows)) if rows else ""


def field_label(key: str) -> str:
	"""Return the name of a field for people, such as "Contact: Owner (User)", "" where it does not exist."""
	field = CcField.from_key(key)
	if not field_exists(field):
		return ""
	meta = frappe.get_meta(field.doctype)
	name = _("Owner") if field.fieldname == OWNER else _(meta.get_label(field.fieldname))
	label = f"{_(field.doctype)}: {name}"
	return f"{label} ({_('User')})" if links_to_user(field) else label


def check_offered(rows: Sequence) -> None:
	"""Check the rows of the settings (Campaign CC Field).

	Raises ValidationError for a field they must not offer.
	"""
	title = _("Fields for Copies (CC)")
	keys = [CcField(row.source_doctype, row.cc_fieldname).key for row in rows]
	if len(keys) > MOST_OFFERED:
		frappe.throw(
			_("At most {0} fields can be offered for copies; these are {1}.").format(MOST_OFFERED, len(keys)),
			title=title,
		)
	_check_twice(keys, title)
	for number, (row, key) in enumerate(zip(rows, keys, strict=True), 1):
		if row.enabled:
			_check_usable(number, key, title)


def check_form(doc) -> None:
	"""Check the CC fields of `doc`, a Mass Email or a Campaign, and describe each row.

	Raises ValidationError.
	"""
	before = doc.get_doc_before_save()
	known = {row.cc_field: row.description for row in before.cc_fields} if before else {}
	check_chosen([row.cc_field or "" for row in doc.cc_fields], known)
	for row in doc.cc_fields:
		row.description = field_label(row.cc_field) or known.get(row.cc_field)


def check_chosen(keys: Sequence[str], known: Collection[str]) -> None:
	"""Check the fields that a mailing chooses. Raises ValidationError for one that it must not choose.

	`known` are its fields before: one that was switched off since stays, and nobody is copied from it.
	"""
	title = _("Copies (CC)")
	if len(keys) > MOST_CHOSEN:
		frappe.throw(
			_("A mailing takes at most {0} fields for copies; these are {1}.").format(MOST_CHOSEN, len(keys)),
			title=title,
		)
	_check_twice(keys, title)
	enabled = enabled_keys()
	for number, key in enumerate(keys, 1):
		if key in known:
			continue
		_check_usable(number, key, title)
		if key not in enabled:
			frappe.throw(
				_("Row {0}: The Email Campaign Settings don't offer {1} for copies.").format(
					number, frappe.bold(key)
				),
				title=title,
			)


def _check_twice(keys: Sequence[str], title: str) -> None:
	for number, key in enumerate(keys, 1):
		if key in keys[: number - 1]:
			frappe.throw(_("Row {0}: {1} is chosen already.").format(number, frappe.bold(key)), title=title)


def _check_usable(number: int, key: str, title: str) -> None:
	field = CcField.from_key(key)
	if field_exists(field):
		return
	if not field.doctype or not frappe.db.exists("DocType", field.doctype):
		sentence = _("Row {0}: {1} is not a field of a record type.").format(number, frappe.bold(key))
	elif frappe.get_meta(field.doctype).has_field(field.fieldname):
		sentence = _(
			"Row {0}: Nobody can be copied from {1}: it neither holds an address nor links to a User."
		).format(number, frappe.bold(key))
	else:
		sentence = _("Row {0}: {1} has no field named {2}.").format(
			number, _(field.doctype), frappe.bold(field.fieldname)
		)
	frappe.throw(sentence, title=title)
