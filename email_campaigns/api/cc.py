"""What the form of a mailing asks about copies (CC)."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.delivery.copies import fields_store


@frappe.whitelist()
def choices() -> list[dict]:
	"""Return the fields from which a mailing may be copied now: {"value": key, "label": such as "Contact: Owner (User)"}."""
	if not frappe.has_permission("Mass Email", "read"):
		frappe.throw(_("You have no permission to read mailings."), frappe.PermissionError)
	return [{"value": one.key, "label": fields_store.label(one.key)} for one in fields_store.offered()]
