"""Permissions on the three doctypes: the roles that ERPNext gives rights keep them, and our roles get theirs.

They are Custom DocPerms, not parts of our definitions: a role that a definition names is created on every
site.
"""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe.permissions import reset_perms, setup_custom_perms
from frappe.utils import cint

from email_campaigns.erpnext import owner_store
from email_campaigns.erpnext.names import DOCTYPES

CUSTOM = "Custom DocPerm"
_RIGHTS = (
	*("permlevel", "if_owner", "select", "read", "write", "create", "delete", "submit", "cancel", "amend"),
	*("report", "export", "import", "share", "print", "email"),
)


def grant_roles() -> None:
	"""Give each role the rights that ERPNext or this app gives it, on each of the three doctypes.

	Rules that are customised already stay as they are.
	"""
	for doctype in DOCTYPES:
		known = {*_roles(owner_store.our_definition(doctype))}
		missing = [
			row for row in owner_store.erpnext_definition(doctype)["permissions"] if row["role"] not in known
		]
		customised = frappe.db.exists(CUSTOM, {"parent": doctype})
		if customised:
			_add(doctype, owner_store.our_definition(doctype)["permissions"])
		elif missing:
			setup_custom_perms(doctype)
			_add(doctype, missing)


def _roles(definition: dict) -> list[str]:
	return [row["role"] for row in definition["permissions"]]


def _add(doctype: str, rows: list[dict]) -> None:
	for row in rows:
		key = {"parent": doctype, "role": row["role"], "permlevel": row.get("permlevel", 0)}
		if frappe.db.exists(CUSTOM, key) or not frappe.db.exists("Role", row["role"]):
			continue
		values = {
			"doctype": CUSTOM,
			"parenttype": "DocType",
			"parentfield": "permissions",
			**_stored_rule(row),
			**key,
		}
		frappe.get_doc(values).insert(ignore_permissions=True)
	frappe.clear_cache(doctype=doctype)


def give_back(our_roles: Collection[str]) -> None:
	"""Take the rights of our roles away. Where only rules of `grant_roles` remain, restore the standard
	permissions."""
	for doctype in DOCTYPES:
		frappe.db.delete(CUSTOM, {"parent": doctype, "role": ("in", list(our_roles))})
		erpnext_rules = _rules(owner_store.erpnext_definition(doctype)["permissions"])
		our_rules = _rules(owner_store.our_definition(doctype)["permissions"])
		remaining = _rules(frappe.get_all(CUSTOM, {"parent": doctype}, ["role", *_RIGHTS]))
		if remaining and remaining - (our_rules - erpnext_rules) == erpnext_rules:
			reset_perms(doctype)


def _rules(permissions: list[dict]) -> set[tuple]:
	return {tuple(_stored_rule(row).values()) for row in permissions}


def _stored_rule(row: dict) -> dict:
	"""Return a permission as it is stored: a right that a definition does not name is not given."""
	return {"role": row["role"], **{right: cint(row.get(right)) for right in _RIGHTS}}
