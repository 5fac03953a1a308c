"""Who works with the three doctypes: the roles that ERPNext gives rights keep them, and ours get theirs.

Custom permissions do what our definitions can't, for a role that a definition names is made on every site.
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
	*(
		"permlevel",
		"if_owner",
		"select",
		"read",
		"write",
		"create",
		"delete",
		"submit",
		"cancel",
		"amend",
		"report",
		"export",
		"import",
	),
	*("share", "print", "email"),
)


def grant_roles() -> None:
	"""Give each role what ERPNext or this app gives it, on each of the three; what is customised already is left alone."""
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
		at = {"parent": doctype, "role": row["role"], "permlevel": row.get("permlevel", 0)}
		if frappe.db.exists(CUSTOM, at) or not frappe.db.exists("Role", row["role"]):
			continue
		values = {
			"doctype": CUSTOM,
			"parenttype": "DocType",
			"parentfield": "permissions",
			**_filled(row),
			**at,
		}
		frappe.get_doc(values).insert(ignore_permissions=True)
	frappe.clear_cache(doctype=doctype)


def give_back(our_roles: Collection[str]) -> None:
	"""Take our roles' rights away. Where nothing but what `keep` made is left, the standard permissions hold again."""
	for doctype in DOCTYPES:
		frappe.db.delete(CUSTOM, {"parent": doctype, "role": ("in", list(our_roles))})
		theirs = _rows(owner_store.erpnext_definition(doctype)["permissions"])
		ours = _rows(owner_store.our_definition(doctype)["permissions"])
		left = _rows(frappe.get_all(CUSTOM, {"parent": doctype}, ["role", *_RIGHTS]))
		if left and left - (ours - theirs) == theirs:
			reset_perms(doctype)


def _rows(permissions: list[dict]) -> set[tuple]:
	return {tuple(_filled(row).values()) for row in permissions}


def _filled(row: dict) -> dict:
	"""A permission as it is stored: a right that a definition leaves out is not given."""
	return {"role": row["role"], **{right: cint(row.get(right)) for right in _RIGHTS}}
