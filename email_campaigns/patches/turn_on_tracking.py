"""Patch: opens and clicks are tracked by default."""

import frappe

DEFAULTS = {"track_opens": 1, "track_links": 1, "machine_seconds": 5}


def execute() -> None:
	"""Set the defaults of tracking, and turn it on in drafts.

	A single doctype that has been saved does not get the defaults of new fields by itself. Mailings that are
	scheduled or approved stay as their owners have seen them.
	"""
	stored = frappe.db.get_singles_dict("Email Campaign Settings")
	for field, value in DEFAULTS.items():
		if field not in stored:
			frappe.db.set_single_value("Email Campaign Settings", field, value, update_modified=False)
	frappe.db.sql("UPDATE `tabMass Email` SET track_opens = 1, track_links = 1 WHERE status = 'Draft'")
