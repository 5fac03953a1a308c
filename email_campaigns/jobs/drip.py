"""Jobs of drip sequences: planning what is due, enrolling many records, statuses by date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import frappe
from frappe.utils import add_days

from email_campaigns.audience.lists.members_store import slices
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.delivery.ledger import twins_store
from email_campaigns.drip import enrolment_store, plan_store, streams_store, waiting_store
from email_campaigns.drip.bulk_enrol_store import BulkEnrolment
from email_campaigns.drip.ledger_store import Enrolment
from email_campaigns.erpnext import history_store, takeover_store
from email_campaigns.jobs import sending
from email_campaigns.jobs.isolation import isolate_campaign
from email_campaigns.site_time import database_epoch, site_now, site_time

PLAN_SECONDS = 3600
ENROLLED_AT_ONCE = 100
ADVANCED_AT_ONCE = 500
REPAIRED_DAYS = 2  # makes up for a day on which no tick ran


def tick() -> None:
	"""Repair what a process with ERPNext's code has done, and enqueue planning if an enrolment has
	something due, or a step waits for its twin."""
	takeover_store.keep_jobs_stopped()
	repair(add_days(site_now(), -REPAIRED_DAYS))
	if plan_store.has_due(database_epoch()) or twins_store.campaigns_with_waiting():
		plan_soon()


def repair(since: datetime | None = None) -> None:
	"""Give numbers to steps, and times to enrolments, that a process with ERPNext's code has saved.

	Such a process was started before this app was installed. `since` is a time of the site's clock, by
	default all enrolments are looked at.
	"""
	for campaign in history_store.number_steps():
		enrolment_store.follow_steps(frappe.get_doc("Campaign", campaign))
	frappe.db.commit()
	while enrolment_store.plan_unplanned(since, ADVANCED_AT_ONCE):
		frappe.db.commit()


def end_without_type() -> None:
	"""End the enrolments of records whose doctype is no longer on the site, by slices, each committed."""
	while enrolment_store.end_without_type(ADVANCED_AT_ONCE):
		frappe.db.commit()
	frappe.db.commit()


def plan_soon() -> None:
	"""Enqueue planning for the end of this transaction."""
	enqueue_once(plan, "ec-drip", queue="long", timeout=PLAN_SECONDS, enqueue_after_commit=True)


def plan(epoch: int = 0) -> None:
	"""Plan all that is due at `epoch` (Unix seconds, now by default), and start sending. Each slice is
	committed.

	A campaign that can't be planned shows why on its form, and is tried again with the next tick.
	"""
	change_latest_rows()
	epoch = epoch or database_epoch()
	failed: set[str] = set()
	advance(epoch)
	while enrolments := plan_store.due_enrolments(epoch, failed):
		campaign, planned = enrolments[0].campaign, False
		frappe.db.commit()  # a transaction reads rows as they are when it begins
		with isolate_campaign(campaign, "the planning"):
			planned = _plan_slice(campaign, enrolments, epoch)
		if not planned:
			failed.add(campaign)
	decide_waiting()
	_advance_statuses(epoch)
	sending.top_up()


def decide_waiting() -> None:
	"""Decide on the steps that wait for their twins, by slices, each committed."""
	frappe.db.commit()
	for campaign in twins_store.campaigns_with_waiting():
		with isolate_campaign(campaign, "the planning"):
			for waiting in slices(twins_store.read_waiting(campaign)):
				frappe.db.commit()  # a fresh snapshot
				waiting_store.decide_waiting(campaign, waiting)
				frappe.db.commit()


def _plan_slice(campaign: str, enrolments: Sequence[Enrolment], epoch: int) -> bool:
	"""Plan some enrolments of a campaign; where that can't be done, show why and return False."""
	try:
		if due := plan_store.lock_due(enrolments, epoch):
			plan_store.plan_enrolments(due, epoch)
	except frappe.ValidationError as error:
		frappe.db.rollback()
		streams_store.show_problem(campaign, str(error))
		frappe.db.commit()
		return False
	frappe.db.commit()
	return True


def enrol(campaign: str, doctype: str, start_date: str, names: list[str]) -> None:
	"""Enrol records slice by slice, each committed, and notify the user of the result."""
	change_latest_rows()
	run = BulkEnrolment(campaign, doctype, start_date)
	for batch in slices(names, ENROLLED_AT_ONCE):
		run.add(batch)
		frappe.db.commit()
	run.notify_user()
	plan_soon()
	frappe.db.commit()


def advance(epoch: int = 0) -> None:
	"""Update the statuses of enrolments to the date at `epoch` (Unix seconds, now by default), by slices."""
	repair(add_days(site_now(), -REPAIRED_DAYS))
	end_without_type()
	_advance_statuses(epoch or database_epoch())


def _advance_statuses(epoch: int) -> None:
	today = site_time(epoch).date()
	frappe.db.commit()  # a fresh snapshot
	while enrolment_store.advance_statuses(today, ADVANCED_AT_ONCE):
		frappe.db.commit()
