import frappe

DEFAULTS = {"track_opens": 1, "track_links": 1, "machine_seconds": 5}


def execute():
	"""A single doctype that is saved already takes no defaults of new fields; drafts follow it.

	Mailings that are scheduled or approved stay what their owners have seen.
	"""
	stored = frappe.db.get_singles_dict("Email Campaign Settings")
	for field, value in DEFAULTS.items():
		if field not in stored:
			frappe.db.set_single_value("Email Campaign Settings", field, value, update_modified=False)
	frappe.db.sql("UPDATE `tabMass Email` SET track_opens = 1, track_links = 1 WHERE status = 'Draft'")
