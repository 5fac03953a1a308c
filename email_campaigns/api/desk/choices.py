"""Choices that forms offer while a mailing is planned: time zones, and fields that name who gets copies."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import get_system_timezone

from email_campaigns.api.arguments import checked
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
