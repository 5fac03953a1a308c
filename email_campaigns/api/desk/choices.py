"""Choices of forms while a mailing is planned: time zones, senders, and fields that name who gets copies."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import get_system_timezone

from email_campaigns.api.arguments import checked
from email_campaigns.api.kinds import Number, Text, Unused
from email_campaigns.delivery.copies import fields_store
from email_campaigns.schedule.clock import zone_names


@frappe.whitelist()
@checked
def time_zones() -> list[str]:
	"""Return the names of the time zones, the site's own first."""
	site_zone = get_system_timezone()
	return [site_zone, *(name for name in zone_names() if name != site_zone)]


@frappe.whitelist()
@checked
def cc_fields() -> list[dict]:
	"""Return the fields that may name who gets copies: {"value", "label": "Contact: Owner (User)"}."""
	if not frappe.has_permission("Mass Email", "read"):
		frappe.throw(_("You have no permission to read mailings."), frappe.PermissionError)
	return [
		{"value": field.key, "label": fields_store.field_label(field.key)}
		for field in fields_store.offered_fields()
	]


@frappe.whitelist()
@checked
@frappe.validate_and_sanitize_search_inputs
def find_accounts(  # noqa: PLR0913 -- Frappe calls the query of a Link field so
	doctype: Text, txt: Text, searchfield: Text, start: Number, page_len: Number, filters: Unused = None
) -> list[tuple]:
	"""Return (name,) of each Email Account for outgoing mail whose name has the text `txt`, for a Link field.

	Who may only select accounts can't filter by another field than the name: Frappe 16 refuses it.
	"""
	outgoing = frappe.get_all("Email Account", filters={"enable_outgoing": 1}, pluck="name")
	return frappe.get_list(
		"Email Account",
		filters=[["name", "in", outgoing or [""]], ["name", "like", f"%{txt}%"]],
		order_by="name",
		limit_start=start,
		limit_page_length=page_len,
		as_list=True,
	)
