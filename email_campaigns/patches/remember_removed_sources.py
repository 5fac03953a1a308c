"""Patch: a recipient source that an administrator has taken out of the settings does not come back."""

import frappe

from email_campaigns.audience import known_sources_store

# What earlier versions filled in: at their installation, and for ERPNext also when that came later.
FILLED_IN = ("Contact", "User", "Email Group Member", "Lead", "Customer")
FILLED_IN_BESIDE = {"CRM Lead": "crm"}


def execute() -> None:
	"""Note those that the settings should name and do not."""
	settings = frappe.get_single("Email Campaign Settings")
	missing = {row["source_doctype"] for row in known_sources_store.missing_sources(settings)}
	was_filled_in = {*FILLED_IN, *(doctype for doctype, app in FILLED_IN_BESIDE.items() if _was_here(app))}
	if taken_out := missing & was_filled_in:
		known_sources_store.remember_removed(taken_out)


def _was_here(app: str) -> bool:
	"""Tell whether an app was installed before this one."""
	apps = frappe.get_installed_apps()
	return app in apps and apps.index(app) < apps.index("email_campaigns")
