"""Installation: what it adds to a site beside the app's own doctypes, and what stops it.

uninstall.py removes the same again.
"""

from __future__ import annotations

import json
from pathlib import Path

import click
import frappe
from frappe import _
from frappe.permissions import add_permission, update_permission_property

from email_campaigns import processes_store
from email_campaigns.audience import known_sources_store, sources_store
from email_campaigns.audience.suppression import opt_outs_store
from email_campaigns.audience.suppression.suppression_store import adopt_email_unsubscribes
from email_campaigns.drip import hints_store
from email_campaigns.erpnext import jobs_store, names, owner_store, takeover_store
from email_campaigns.frappe_crm import scripts_store
from email_campaigns.jobs import drip

APP = "email_campaigns"
MODULE = "Email Campaigns"
ROLES = ("Campaign Manager", "Campaign User")
LOGS = ("Campaign Log", "Target List Change", "Inbound Event")

# The rights of campaign users on doctypes of the framework that our forms link to: choose a sender by its
# name, without its settings, write templates, and copy the members of an Email Group.
GRANTS = {
	"Email Account": ("select",),
	"Email Template": ("select", "read", "write", "create"),
	"Email Group": ("select", "read"),
	"Email Group Member": ("select", "read"),
}


def before_install() -> None:
	"""Throw, before anything is changed, where another app owns one of our names.

	ERPNext's three doctypes can be taken over.
	"""
	for doctype in own_doctypes():
		owner = owning_app(doctype)
		if owner and owner != APP and not owner_store.is_taken_over(doctype, owner):
			frappe.throw(
				_(
					"Email Campaigns can't be installed on this site: "
					"the app {0} has a DocType named {1} already. Nothing was changed."
				).format(frappe.bold(owner), frappe.bold(doctype)),
				title=_("Name Already in Use"),
			)
	takeover_store.check_takeover()


def after_install() -> None:
	"""Add what the app needs on a new site, and take over ERPNext's campaigns where it is installed."""
	# People who have unsubscribed from all mail of this site get no campaign either.
	adopt_email_unsubscribes()
	add_new_sources()
	grant_permissions()
	scripts_store.put_scripts()
	takeover_store.take_over()
	takeover_store.continue_campaigns()
	name_unfit_templates()
	processes_store.note_new_code()


def after_app_install(app: str) -> None:
	"""Add the recipient sources of an app that is installed after this one, and take over ERPNext's
	definitions."""
	add_new_sources()
	scripts_store.put_scripts()
	if app == names.APP:
		takeover_store.take_over()
		processes_store.note_new_code()


def after_app_uninstall(app: str) -> None:
	"""Take leave of the records of an app that is uninstalled: they are no recipient sources any more, and
	their sequences end with that reason."""
	sources_store.remove_missing()
	if app == names.APP:
		jobs_store.forget()
	# The last, for it commits: the framework has done so before this hook, and does not do it again.
	drip.end_without_type()


def after_migrate() -> None:
	"""Keep ERPNext's definitions and jobs taken over, which a migration may have restored.

	A new version of another app may bring recipient sources, too.
	"""
	takeover_store.keep_taken_over()
	sources_store.remove_missing()
	add_new_sources()
	scripts_store.put_scripts()
	drip.repair()


def own_doctypes() -> list[str]:
	"""Return the names of the doctypes that the app ships, from its files."""
	folder = Path(__file__).parent / "email_campaigns" / "doctype"
	return sorted(json.loads(path.read_text())["name"] for path in folder.glob("*/*.json"))


def owning_app(doctype: str) -> str:
	"""Return the app that a doctype of this site belongs to.

	It is "Custom" where the doctype was made in the Desk, and "" where there is no such doctype.
	"""
	definition = frappe.db.get_value("DocType", doctype, ["module", "custom"], as_dict=True)
	if not definition:
		return ""
	if definition.custom:
		return "Custom"
	return frappe.db.get_value("Module Def", definition.module, "app_name") or definition.module


def add_new_sources() -> None:
	"""Add the recipient sources that this site has since, and follow the opt-outs in their records."""
	if known_sources_store.add_new_sources():
		opt_outs_store.follow_records()


def name_unfit_templates() -> None:
	"""Name the templates of campaigns under way that do not fit their recipients, in the output of the
	installation. The forms of the campaigns do so too."""
	if hints := list(hints_store.all_template_hints()):
		click.secho(_("Look through these Email Templates of campaigns that are under way:"), fg="yellow")
	for hint in hints:
		click.echo(f" - {hint}")


def grant_permissions() -> None:
	"""Give our roles the rights in GRANTS; a permission that an administrator has set stays unchanged."""
	for doctype, rights in GRANTS.items():
		for role in ROLES:
			if frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role}):
				continue
			add_permission(doctype, role, 0)
			for right in ("read", *rights):
				update_permission_property(doctype, role, 0, right, int(right in rights), validate=False)
