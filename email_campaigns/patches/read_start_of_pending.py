"""Patch: scheduled mailings get the Unix time of their start."""

import frappe
from frappe.utils import get_datetime, get_system_timezone

from email_campaigns.schedule.clock import to_epoch


def execute() -> None:
	"""Set start_epoch, by which mailings start, of those that were scheduled without it."""
	for name, start in frappe.get_all(
		"Mass Email", {"start_epoch": 0, "start_date": ("is", "set")}, ["name", "start_date"], as_list=True
	):
		values = {"start_epoch": to_epoch(get_datetime(start), get_system_timezone()), "send_when": "Later"}
		frappe.db.set_value("Mass Email", name, values, update_modified=False)
