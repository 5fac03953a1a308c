"""Patch: names of deleted documents are not given again, and links of steps outlive a renamed campaign."""

import frappe

from email_campaigns import names_store


def execute() -> None:
	"""Retire the names that rows still know, and let plain links keep the names that they have."""
	frappe.db.sql("UPDATE `tabCampaign` SET link_key = name WHERE COALESCE(link_key, '') = ''")
	for doctype in names_store.KNOWN_BY:
		names_store.retire_gone(doctype)
