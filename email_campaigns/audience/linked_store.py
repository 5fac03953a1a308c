"""Records that a source's record links to and that know more of the person, as this site has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import frappe

from email_campaigns.audience.known_sources import LINKED_RECORDS, LinkedRecord


def linked_records(doctype: str) -> tuple[LinkedRecord, ...]:
	"""Return the links of a source with the fields that this site's versions of both doctypes have."""
	links = (_usable(doctype, link) for link in LINKED_RECORDS.get(doctype, ()))
	return tuple(link for link in links if link and link.fields)


def _usable(doctype: str, link: LinkedRecord) -> LinkedRecord | None:
	meta = frappe.get_meta(doctype)
	if not frappe.db.exists("DocType", link.doctype) or not meta.has_field(link.table or link.link_field):
		return None
	rows = frappe.get_meta(meta.get_field(link.table).options) if link.table else meta
	if not all(rows.has_field(field) for field in filter(None, (link.link_field, link.primary_field))):
		return None
	other = frappe.get_meta(link.doctype)
	present = {
		own: field for own, field in link.fields.items() if meta.has_field(own) and other.has_field(field)
	}
	return replace(link, fields=present)


def linked_sql(doctype: str, field: str) -> list[str]:
	"""Return, for each link, SQL over a record `s`: what the linked record has for a field of the source."""
	return [
		_value_sql(doctype, link, link.fields[field])
		for link in linked_records(doctype)
		if field in link.fields
	]


def _value_sql(doctype: str, link: LinkedRecord, field: str) -> str:
	value = f"SELECT linked.`{field}` FROM `tab{link.doctype}` linked"
	if not link.table:
		return f"({value} WHERE linked.name = s.`{link.link_field}`)"
	return f"""({value} JOIN `tab{_row_doctype(doctype, link)}` part ON part.`{link.link_field}` = linked.name
		WHERE part.parent = s.name AND part.parenttype = {frappe.db.escape(doctype)}
			AND part.parentfield = {frappe.db.escape(link.table)}
		ORDER BY part.`{link.primary_field}` DESC, part.idx LIMIT 1)"""


def _row_doctype(doctype: str, link: LinkedRecord) -> str:
	return frappe.get_meta(doctype).get_field(link.table).options


def read_links(doctype: str, link: LinkedRecord, names: Collection[str]) -> Mapping[str, str]:
	"""Return {name of a record: name of the record that it links to}, of those that link to any."""
	if link.table:
		query = f"""SELECT parent, `{link.link_field}` FROM `tab{_row_doctype(doctype, link)}`
			WHERE parent IN %(names)s AND parenttype = %(doctype)s AND parentfield = %(table)s
			ORDER BY `{link.primary_field}`, idx DESC"""
	else:
		query = f"SELECT name, `{link.link_field}` FROM `tab{doctype}` WHERE name IN %(names)s"
	values = {"names": tuple(names) or ("",), "doctype": doctype, "table": link.table}
	# Of several rows the last counts: the primary one.
	return {name: other for name, other in frappe.db.sql(query, values) if other}
