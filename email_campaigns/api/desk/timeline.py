"""Events of campaigns in the timeline of a person's own record."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cstr, escape_html, get_link_to_form

SHOWN_EVENTS = 50


def content(doctype: str, docname: str) -> list[dict]:
	"""Return the last SHOWN_EVENTS events of the log about a record, for its timeline.

	The framework calls this hook (additional_timeline_content) whenever any form is opened.
	"""
	return [
		{
			"icon": "mail",
			"is_card": False,
			"creation": event.creation,
			"template": None,
			"content": _sentence(event, title),
		}
		for event, title in read_events(doctype, docname)
	]


def read_events(doctype: str, docname: str) -> list[tuple[frappe._dict, str | None]]:
	"""Return (entry of the log, title of its mailing) of the last SHOWN_EVENTS events about a record.

	The title is None of a mailing that the user may not read. It is one look-up by an index. A user who may
	not read the log gets nothing; the caller has checked the permission on the record.
	"""
	if not frappe.has_permission("Campaign Log", "read"):
		return []
	events = frappe.get_all(
		"Campaign Log",
		# The column is text: a comparison with a number could not use its index.
		{
			"recipient_name": cstr(docname),
			"recipient_doctype": doctype,
			# Hits by bots and colleagues say nothing about this person.
			"verdict": ("not in", ("machine", "internal")),
		},
		["name", "creation", "action", "source_doctype", "source", "campaign", "details", "email"],
		order_by="creation desc",
		limit=SHOWN_EVENTS,
	)
	titles = _titles({event.source for event in events if event.source_doctype == "Mass Email"})
	return [(event, titles.get(event.source, event.source)) for event in events]


def _titles(mailings: set[str]) -> dict[str, str]:
	"""Return {name: title} of those mailings that the user may read."""
	if not mailings or not frappe.has_permission("Mass Email", "read"):
		return {}
	rows = frappe.get_list("Mass Email", {"name": ("in", list(mailings))}, ["name", "title"], as_list=True)
	return dict(rows)


def _sentence(event, title: str | None) -> str:
	link = get_link_to_form(event.source_doctype, event.source, escape_html(title)) if title else ""
	parts = (
		f"<b>{_(event.action)}</b>",
		link,
		escape_html(event.campaign or ""),
		escape_html(event.details or ""),
	)
	return " · ".join(filter(None, parts))
