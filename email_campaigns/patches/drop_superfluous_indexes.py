"""Patch: indexes that name the record before its doctype give way to those in the other order."""

import frappe

SUPERFLUOUS = {
	"Campaign Log": "recipient_name_recipient_doctype_index",
	"Target List Member": "member_name_member_doctype_index",
}


def execute() -> None:
	"""Drop the indexes that the new ones of the same two columns replace."""
	for doctype, index in SUPERFLUOUS.items():
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP INDEX IF EXISTS `{index}`")
