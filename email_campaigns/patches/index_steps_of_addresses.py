"""Patch: the index of a mail's address gives way to that of its address and step."""

import frappe


def execute() -> None:
	"""Drop the index that the new one replaces."""
	frappe.db.sql_ddl("ALTER TABLE `tabCampaign Message` DROP INDEX IF EXISTS `email_index`")
