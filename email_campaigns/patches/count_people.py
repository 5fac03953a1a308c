"""Patch: mailings count people, not only mails, and their owners get a digest."""

import frappe

from email_campaigns.results import store


def execute() -> None:
	"""Count the people of earlier mailings, and turn the digest on for later ones."""
	frappe.db.add_index("Campaign Message", ["resend_of"])
	for name in frappe.get_all("Mass Email", {"status": ("!=", "Draft")}, pluck="name"):
		store.recount_people(name)
	frappe.db.set_single_value("Email Campaign Settings", "send_digest", 1)
