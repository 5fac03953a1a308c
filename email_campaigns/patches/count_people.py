import frappe

from email_campaigns.results import store


def execute():
	"""Mailings that were sent before have counters of people from now on, and their owners a digest of new ones."""
	frappe.db.add_index("Campaign Message", ["resend_of"])
	for name in frappe.get_all("Mass Email", {"status": ("!=", "Draft")}, pluck="name"):
		store.recount(name)
	frappe.db.set_single_value("Email Campaign Settings", "send_digest", 1)
