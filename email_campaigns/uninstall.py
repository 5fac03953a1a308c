"""Uninstallation: it removes what install.py added to a site, by the same constants.

The framework drops the app's doctypes. Opt-outs stay: Email Unsubscribe and the opt-out fields of records.
"""

from __future__ import annotations

import frappe
from frappe.permissions import reset_perms

from email_campaigns.compat import remove_desk_entries
from email_campaigns.erpnext import giveback_store
from email_campaigns.frappe_crm import scripts_store
from email_campaigns.install import GRANTS, LOGS, ROLES

PERMISSION_FIELDS = ("role", "permlevel", "if_owner", "read", "write", "create", "delete", "select")


def before_uninstall() -> None:
	"""Remove jobs, desk entries, scripts in Frappe CRM, log settings, permissions and roles."""
	# The framework would start them until the next migration, each a failure without the app's tables.
	frappe.db.delete("Scheduled Job Type", {"method": ("like", "email_campaigns.%")})
	remove_desk_entries("Email Campaigns")
	scripts_store.remove_scripts()
	frappe.db.delete("Logs To Clear", {"ref_doctype": ("in", LOGS)})
	frappe.db.delete("Custom DocPerm", {"role": ("in", ROLES), "parent": ("in", list(GRANTS))})
	for doctype in GRANTS:
		if _permissions("Custom DocPerm", doctype) == _permissions("DocPerm", doctype):
			reset_perms(doctype)
	frappe.db.delete("Has Role", {"role": ("in", ROLES)})
	for role in ROLES:
		frappe.delete_doc("Role", role, ignore_missing=True, force=True)


def give_back_to_erpnext() -> None:
	"""Give ERPNext's doctypes back to it, before the framework drops ours. Changes tables, and so commits."""
	giveback_store.give_back(ROLES)


def _permissions(kind: str, doctype: str) -> set[tuple[object, ...]]:
	return {
		tuple(row) for row in frappe.get_all(kind, {"parent": doctype}, list(PERMISSION_FIELDS), as_list=True)
	}
