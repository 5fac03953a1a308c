"""The take-over of ERPNext's campaigns: checks before it, what happens once, and what every migration
repeats."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.audience.decide import PER_ENROLMENT
from email_campaigns.erpnext import history_store, jobs_store, owner_store, permissions_store, utm_store
from email_campaigns.erpnext.names import DOCTYPES
from email_campaigns.lifecycle import UNFINISHED_EMAIL_CAMPAIGN


def check_takeover() -> None:
	"""Refuse an installation that could lose data or mail somebody twice, before anything is changed.

	Raises ValidationError.
	"""
	if not owner_store.is_here():
		return
	for doctype in DOCTYPES:
		if field := owner_store.clash(doctype):
			frappe.throw(
				_(
					"Email Campaigns can't be installed on this site: it has a field {0} of its own for {1},"
					" and this site's Custom Field {0} is in its place. Nothing was changed."
				).format(frappe.bold(field), frappe.bold(_(doctype))),
				title=_("Name Already in Use"),
			)
	if jobs_store.busy():
		frappe.throw(
			_(
				"ERPNext is about to send its email campaigns: install Email Campaigns when its job"
				" has ended. Nothing was changed."
			)
		)


def take_over() -> None:
	"""Put our definitions in force where ERPNext is installed, keep its roles and stop its jobs."""
	if not owner_store.is_here():
		return
	jobs_store.stop()
	owner_store.put_ours_in_force()
	permissions_store.grant_roles()
	utm_store.mirror_all()


def continue_campaigns() -> None:
	"""Continue the campaigns that ERPNext has begun. A second call changes nothing."""
	if not owner_store.is_here():
		return
	_keep_erpnext_rules()
	history_store.number_steps()
	history_store.adopt()


def keep_taken_over() -> None:
	"""Repeat the take-over after a migration, which may have brought ERPNext's definitions and jobs back."""
	if owner_store.is_here():
		owner_store.put_ours_in_force()
		jobs_store.stop()


def keep_jobs_stopped() -> None:
	"""Stop ERPNext's jobs where somebody has started them past their documents."""
	if owner_store.is_here():
		jobs_store.stop()


def _keep_erpnext_rules() -> None:
	"""Keep campaigns that are under way Active, and let them go on after a reply and mail each enrolment, as
	with ERPNext."""
	frappe.db.sql(
		"""UPDATE `tabCampaign` SET status = 'Active', stop_on_reply = 0, duplicate_policy = %s
		WHERE last_step = 0 AND name IN (SELECT campaign_name FROM `tabEmail Campaign` WHERE status IN %s)""",
		(PER_ENROLMENT, UNFINISHED_EMAIL_CAMPAIGN),
	)
