"""Drip sequences: what is due of the enrolments gets into the ledger, from where pages send it."""

from __future__ import annotations

import time

import frappe
from frappe.utils import get_system_timezone

from email_campaigns.audience.lists.members_store import slices
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.drip import enrolment_store, plan_store, streams_store
from email_campaigns.drip.bulk_enrol_store import BulkEnrolment
from email_campaigns.jobs import sending
from email_campaigns.schedule.clock import in_zone

PLAN_SECONDS = 3600
ENROLLED_AT_ONCE = 100


def tick() -> None:
	"""See whether an enrolment has something due."""
	if plan_store.has_due(int(time.time())):
		plan_soon()


def plan_soon() -> None:
	"""Let what is due be planned as soon as this transaction is over."""
	enqueue_once(plan, "ec-drip", queue="long", timeout=PLAN_SECONDS, enqueue_after_commit=True)


def plan(epoch: int = 0) -> None:
	"""Plan all that is due at `epoch` (Unix seconds, now by default), each slice durable, and let its pages go.

	A campaign that can't be planned says why on its form, and is tried again with the next tick.
	"""
	change_latest_rows()
	epoch, troubled = epoch or int(time.time()), set()
	advance(epoch)
	while found := plan_store.due_enrolments(epoch, troubled):
		campaign = found[0].campaign
		try:
			plan_store.plan_enrolments(found, epoch)
		except frappe.ValidationError as error:
			frappe.db.rollback()
			streams_store.show_problem(campaign, str(error))
			troubled.add(campaign)
		frappe.db.commit()
	advance(epoch)
	sending.top_up()


def enrol(campaign: str, doctype: str, start_date: str, names: list[str]) -> None:
	"""Enrol records slice by slice, each durable, and tell whoever asked what came of it."""
	change_latest_rows()
	run = BulkEnrolment(campaign, doctype, start_date)
	for batch in slices(names, ENROLLED_AT_ONCE):
		run.add(batch)
		frappe.db.commit()
	run.notify_user()
	plan_soon()
	frappe.db.commit()


def advance(epoch: int = 0) -> None:
	"""Bring the statuses of enrolments in step with the date at `epoch` (Unix seconds, now by default)."""
	enrolment_store.advance_statuses(in_zone(epoch or int(time.time()), get_system_timezone()).date())
	frappe.db.commit()
