"""The settings of the app, one document, cached by the framework."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cint

from email_campaigns.bounds import clamp_setting

DOCTYPE = "Email Campaign Settings"


def app_settings() -> Document:
	"""Return the document Email Campaign Settings. Do not change it: all jobs of a worker share it."""
	return frappe.get_cached_doc(DOCTYPE)


def setting_number(field: str) -> int:
	"""Return a number of the settings, within its bounds, as it was when this job or request began."""
	return clamp_setting(field, cint(app_settings().get(field)))


def latest_number(field: str) -> int:
	"""Return a number of the settings, within its bounds, as the database has it now.

	A job that runs for minutes sees a limit that was saved meanwhile: the framework caches the document for
	the whole job.
	"""
	stored = frappe.db.sql("SELECT value FROM tabSingles WHERE doctype = %s AND field = %s", (DOCTYPE, field))
	return clamp_setting(field, cint(stored[0][0])) if stored else setting_number(field)


def latest_domain_rates() -> dict[str, int]:
	"""Return {domain in lower case: mails an hour} of the whole site, as the database has them now."""
	rows = frappe.db.sql(
		"""SELECT LOWER(domain), hourly_rate FROM `tabCampaign Domain Rate`
		WHERE parent = %s AND parenttype = %s AND parentfield = 'domain_rates' ORDER BY idx""",
		(DOCTYPE, DOCTYPE),
	)
	return dict(rows)


def changeable_settings() -> Document:
	"""Return the settings for a user who may change them. Throws PermissionError."""
	settings = frappe.get_doc(DOCTYPE)
	settings.check_permission("write")
	return settings
