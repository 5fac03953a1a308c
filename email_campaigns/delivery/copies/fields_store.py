"""The fields from which mails may be copied (CC): what the settings offer, what a mailing has chosen, and whether it is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import frappe
from frappe import _

from email_campaigns.delivery.copies.rules import GONE, MOST_CHOSEN, MOST_OFFERED, SWITCHED_OFF
from email_campaigns.delivery.mailing.mailing import CcField

SETTINGS = "Email Campaign Settings"
ADDRESS, USER = "address", "user"
OWNER = "owner"  # of every record: the User who made it, or whom it was given to


def offered_fields() -> list[CcField]:
	"""Return the fields that the settings have enabled and that are there."""
	return [one for one in map(CcField.from_key, enabled_keys()) if field_exists(one)]


def enabled_keys() -> list[str]:
	"""Return the keys of the fields that the settings have enabled, in the settings' order."""
	# From the database: a job must see at once what has been switched off while it runs.
	rows = frappe.get_all(
		"Campaign CC Field",
		{"parent": SETTINGS, "enabled": 1},
		["source_doctype", "cc_fieldname"],
		order_by="idx",
	)
	return [CcField(row.source_doctype, row.cc_fieldname).key for row in rows]


def problems_with_fields(fields: Iterable[CcField]) -> dict[str, str]:
	"""Return {key: why nobody is copied from it} of those fields that can't be used now."""
	on = enabled_keys()
	return {
		one.key: GONE if not field_exists(one) else SWITCHED_OFF
		for one in fields
		if one.key not in on or not field_exists(one)
	}


def field_exists(one: CcField) -> bool:
	return bool(_kind(one)) and frappe.db.has_column(one.doctype, one.fieldname)


def links_to_user(one: CcField) -> bool:
	"""Tell whether a field links to a User, whose address counts, and not the field's own text."""
	return _kind(one) == USER


def _kind(one: CcField) -> str:
	"""Tell what a field holds: ADDRESS, USER, or "" for anything else and for what does not exist."""
	if not one.doctype or not frappe.db.exists("DocType", one.doctype):
		return ""
	meta = frappe.get_meta(one.doctype)
	if meta.issingle or meta.istable:
		return ""
	return USER if one.fieldname == OWNER else _kind_of(meta.get_field(one.fieldname))


def _kind_of(df) -> str:
	if not df or df.get("is_virtual"):
		return ""
	if df.fieldtype == "Link" and df.options == "User":
		return USER
	return ADDRESS if df.fieldtype == "Data" else ""


def newly_disabled(before: Iterable, after: Iterable) -> list[str]:
	"""Return the keys of the fields that were enabled in the rows of the settings before and are not any more."""
	return sorted(_on(before) - _on(after))


def _on(rows: Iterable) -> set[str]:
	return {CcField(row.source_doctype, row.cc_fieldname).key for row in rows if row.enabled}


def summarise(rows: Sequence) -> str:
	"""Return what the list of mailings shows of the fields that one has chosen."""
	if len(rows) == 1:
		return _("CC: 1 field")
	return _("CC: {0} fields").format(len(rows)) if rows else ""


def field_label(key: str) -> str:
	"""Return the name of a field for people, such as "Contact: Owner (User)", "" where it is not there."""
	one = CcField.from_key(key)
	if not field_exists(one):
		return ""
	meta = frappe.get_meta(one.doctype)
	own = _("Owner") if one.fieldname == OWNER else _(meta.get_label(one.fieldname))
	told = f"{_(one.doctype)}: {own}"
	return f"{told} ({_('User')})" if links_to_user(one) else told


def check_offered(rows: Sequence) -> None:
	"""Raise ValidationError with a sentence for what the settings must not offer."""
	title = _("Fields for Copies (CC)")
	keys = [CcField(row.source_doctype, row.cc_fieldname).key for row in rows]
	if len(keys) > MOST_OFFERED:
		frappe.throw(
			_("At most {0} fields can be offered for copies; these are {1}.").format(MOST_OFFERED, len(keys)),
			title=title,
		)
	_refuse_twice(keys, title)
	for number, (row, key) in enumerate(zip(rows, keys, strict=True), 1):
		if row.enabled:
			_refuse_useless(number, key, title)


def check_form(doc) -> None:
	"""Check the CC fields that a form chooses, and write into each row who gets a copy. Raises ValidationError."""
	before = doc.get_doc_before_save()
	known = {row.cc_field: row.description for row in before.cc_fields} if before else {}
	check_chosen([row.cc_field or "" for row in doc.cc_fields], known)
	for row in doc.cc_fields:
		row.description = field_label(row.cc_field) or known.get(row.cc_field)


def check_chosen(keys: Sequence[str], known: Collection[str]) -> None:
	"""Raise ValidationError with a sentence for what a mailing must not choose.

	`known` are the fields that it had before: one that was switched off since stays, and nobody is copied from it.
	"""
	title = _("Copies (CC)")
	if len(keys) > MOST_CHOSEN:
		frappe.throw(
			_("A mailing takes at most {0} fields for copies; these are {1}.").format(MOST_CHOSEN, len(keys)),
			title=title,
		)
	_refuse_twice(keys, title)
	on = enabled_keys()
	for number, key in enumerate(keys, 1):
		if key in known:
			continue
		_refuse_useless(number, key, title)
		if key not in on:
			frappe.throw(
				_("Row {0}: The Email Campaign Settings don't offer {1} for copies.").format(
					number, frappe.bold(key)
				),
				title=title,
			)


def _refuse_twice(keys: Sequence[str], title: str) -> None:
	for number, key in enumerate(keys, 1):
		if key in keys[: number - 1]:
			frappe.throw(_("Row {0}: {1} is chosen already.").format(number, frappe.bold(key)), title=title)


def _refuse_useless(number: int, key: str, title: str) -> None:
	one = CcField.from_key(key)
	if field_exists(one):
		return
	if not one.doctype or not frappe.db.exists("DocType", one.doctype):
		sentence = _("Row {0}: {1} is not a field of a record type.").format(number, frappe.bold(key))
	elif frappe.get_meta(one.doctype).has_field(one.fieldname):
		sentence = _(
			"Row {0}: Nobody can be copied from {1}: it neither holds an address nor links to a User."
		).format(number, frappe.bold(key))
	else:
		sentence = _("Row {0}: {1} has no field named {2}.").format(
			number, _(one.doctype), frappe.bold(one.fieldname)
		)
	frappe.throw(sentence, title=title)
