"""What the form of a mailing offers to choose from when it is planned."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import get_system_timezone

from email_campaigns.delivery.copies import fields_store
from email_campaigns.schedule.clock import zone_names


@frappe.whitelist()
def time_zones() -> list[str]:
	"""Return the time zones that a form offers, the site's own first."""
	site = get_system_timezone()
	return [site, *(name for name in zone_names() if name != site)]


@frappe.whitelist()
def cc_fields() -> list[dict]:
	"""Return the fields from which a mailing may be copied now: {"value": key, "label": such as "Contact: Owner (User)"}."""
	if not frappe.has_permission("Mass Email", "read"):
		frappe.throw(_("You have no permission to read mailings."), frappe.PermissionError)
	return [
		{"value": one.key, "label": fields_store.field_label(one.key)}
		for one in fields_store.offered_fields()
	]
