"""Jobs of upkeep: statuses that follow from dates, proof of counters, new verdicts of hits, digests."""

from __future__ import annotations

import frappe
from frappe.utils import add_days, get_datetime, getdate, now_datetime, nowdate

from email_campaigns import lifecycle
from email_campaigns.audience.signup import signup_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.jobs import counts
from email_campaigns.jobs.isolation import isolate
from email_campaigns.results import digest_store
from email_campaigns.results import store as results
from email_campaigns.site_time import site_now
from email_campaigns.tracking import events_store

REJUDGED_MAILS = 500  # at a time
DELETED_ROWS = 1000  # at a time
PROVED_DAYS = 3  # makes up for nights on which the job did not run


def update_statuses() -> None:
	"""Bring campaigns to Active and Complete by their dates, and the counts of target lists up to date.

	Each list is counted in a transaction of its own: nobody who leaves or joins a list waits for the others.
	"""
	change_latest_rows()
	_advance_campaigns()
	frappe.db.commit()
	for name in frappe.get_all("Target List", pluck="name"):
		counts.recount_list(name)
	while signup_store.delete_expired(DELETED_ROWS):
		frappe.db.commit()


def _advance_campaigns() -> None:
	today = getdate(nowdate())
	for status, target, field, condition in (
		("Planning", "Active", "start_date", "<="),
		("Active", "Complete", "end_date", "<"),
	):
		frappe.db.sql(
			f"""UPDATE `tabCampaign` SET status = %s
			WHERE status = %s AND status IN %s AND {field} {condition} %s""",
			(target, status, lifecycle.origins("Campaign", target), today),
		)


def rejudge_hits(since: str) -> None:
	"""Judge the opens and clicks since a time of the site's clock by the present rules, slice by slice."""
	change_latest_rows()
	after = 0
	while after := events_store.rejudge(get_datetime(since), after, REJUDGED_MAILS):
		frappe.db.commit()
	for name in results.changed_since(get_datetime(since)):
		frappe.db.commit()  # a transaction reads rows as they are when it begins
		results.recount_people(name)
	frappe.db.commit()


def prove_counts() -> None:
	"""Compare the counters of mails and people of each mailing with recent events with its ledger; correct
	and report differences.

	A mailing is locked only where its counters are wrong, so that nobody waits for the others.
	"""
	change_latest_rows()
	for name in results.changed_since(add_days(site_now(), -PROVED_DAYS)):
		with isolate(f"the proof of the counters of {name}"):
			_prove_counts(name)


def _prove_counts(name: str) -> None:
	if different := counts.mend_counts(name):
		results.report_differences(name, different)
	frappe.db.commit()


def send_digests() -> None:
	"""Send the owners of mailings that were completed a day ago the results, each once."""
	change_latest_rows()
	now = now_datetime()
	for name in digest_store.due_digests(now):
		try:
			if digest_store.claim_digest(name, now):
				digest_store.send_digest(name)
		except Exception:
			# A digest that can't be sent stays claimed, or it would be tried every hour.
			frappe.db.rollback()
			digest_store.claim_digest(name, now)
			frappe.log_error(f"Email Campaigns: no digest of {name}")
		frappe.db.commit()
