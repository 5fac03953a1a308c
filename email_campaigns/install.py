"""What an installation adds to a site beside the app's own doctypes, and what stops it. uninstall.py takes it back."""

from __future__ import annotations

import json
from pathlib import Path

import frappe
from frappe import _
from frappe.permissions import add_permission, update_permission_property

from email_campaigns.audience.suppression.suppression_store import adopt_email_unsubscribes
from email_campaigns.erpnext import names, owner_store, takeover_store

APP = "email_campaigns"
MODULE = "Email Campaigns"
ROLES = ("Campaign Manager", "Campaign User")
LOGS = ("Campaign Log", "Target List Change")

# What campaign users may do with doctypes of the framework that our forms link to: choose a sender by its name,
# which shows nothing of its settings, write templates, and take over the members of an Email Group.
GRANTS = {
	"Email Account": ("select",),
	"Email Template": ("select", "read", "write", "create"),
	"Email Group": ("select", "read"),
	"Email Group Member": ("select", "read"),
}

SOURCE_FIELDS = (
	"source_doctype",
	"email_field",
	"name_field",
	"opt_out_field",
	"language_field",
	"time_zone_field",
)
SOURCES = (
	("Contact", "email_id", "first_name", "unsubscribed", "", ""),
	("User", "email", "first_name", "unsubscribed", "language", "time_zone"),
	("Email Group Member", "email", "", "unsubscribed", "", ""),
	("Lead", "email_id", "lead_name", "unsubscribed", "language", ""),
	("Customer", "email_id", "customer_name", "", "language", ""),
	("CRM Lead", "email", "first_name", "", "", ""),
)


def before_install() -> None:
	"""Stop before anything is changed where another app owns one of our names; ERPNext's three can be taken over."""
	for doctype in own_doctypes():
		owner = owning_app(doctype)
		if owner and owner != APP and not owner_store.is_taken_over(doctype, owner):
			frappe.throw(
				_(
					"Email Campaigns can't be installed on this site: the app {0} has a DocType named {1} already. Nothing was changed."
				).format(frappe.bold(owner), frappe.bold(doctype)),
				title=_("Name Already in Use"),
			)
	takeover_store.check_takeover()


def after_install() -> None:
	# Whoever has left all mail of this site before is not mailed by its first campaign either.
	adopt_email_unsubscribes()
	fill_recipient_sources()
	grant_permissions()
	takeover_store.take_over()
	takeover_store.continue_campaigns()


def after_app_install(app: str) -> None:
	"""Where ERPNext comes later than this app, its definitions are taken over then."""
	if app == names.APP:
		fill_recipient_sources()
		takeover_store.take_over()


def after_migrate() -> None:
	takeover_store.keep_taken_over()


def own_doctypes() -> list[str]:
	"""Return the names of the doctypes that the app ships, from its files."""
	folder = Path(__file__).parent / "email_campaigns" / "doctype"
	return sorted(json.loads(path.read_text())["name"] for path in folder.glob("*/*.json"))


def owning_app(doctype: str) -> str:
	"""Return the app that a doctype of this site belongs to, "Custom" where it was made in the Desk, "" where there is none."""
	found = frappe.db.get_value("DocType", doctype, ["module", "custom"], as_dict=True)
	if not found:
		return ""
	return (
		"Custom"
		if found.custom
		else frappe.db.get_value("Module Def", found.module, "app_name") or found.module
	)


def fill_recipient_sources() -> None:
	"""Add the known recipient sources that this site has and the settings do not name yet."""
	settings = frappe.get_single("Email Campaign Settings")
	present = {row.source_doctype for row in settings.recipient_sources}
	for values in SOURCES:
		source = dict(zip(SOURCE_FIELDS, values, strict=True))
		if source["source_doctype"] not in present and _usable(source):
			settings.append("recipient_sources", {"enabled": 1, **source})
	settings.save(ignore_permissions=True)


def _usable(source: dict[str, str]) -> bool:
	doctype = source["source_doctype"]
	if not frappe.db.exists("DocType", doctype) or not frappe.db.has_column(doctype, source["email_field"]):
		return False
	for field in SOURCE_FIELDS[2:]:
		if source[field] and not frappe.db.has_column(doctype, source[field]):
			source[field] = ""
	return True


def grant_permissions() -> None:
	"""Give our roles what GRANTS says; a permission that an administrator has changed since is left alone."""
	for doctype, rights in GRANTS.items():
		for role in ROLES:
			if frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role}):
				continue
			add_permission(doctype, role, 0)
			for right in ("read", *rights):
				update_permission_property(doctype, role, 0, right, int(right in rights), validate=False)
