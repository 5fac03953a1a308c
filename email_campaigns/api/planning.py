"""What the form of a mailing offers to choose from when it is planned."""

from __future__ import annotations

import frappe
from frappe.utils import get_system_timezone

from email_campaigns.schedule.clock import zone_names


@frappe.whitelist()
def time_zones() -> list[str]:
	"""Return the time zones that a form offers, the site's own first."""
	site = get_system_timezone()
	return [site, *(name for name in zone_names() if name != site)]
