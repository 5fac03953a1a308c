"""ERPNext's two scheduled jobs: stopped while this app sends, so that nobody is mailed twice, and started again after it.

What was stopped here is kept as a default of the site, for a job that an administrator has stopped stays stopped.
"""

from __future__ import annotations

import json

import frappe
from frappe.utils import now_datetime

from email_campaigns.compat import is_job_enqueued
from email_campaigns.erpnext.names import JOBS

KEPT_IN = "email_campaigns_stopped_jobs"
DOCTYPE = "Scheduled Job Type"


def busy() -> bool:
	"""Tell whether one of the jobs waits in the queue or runs: stopping its schedule would not stop it."""
	return any(is_job_enqueued(f"scheduled_job::{method}") for method in JOBS)


def stop() -> None:
	"""Stop those of the jobs that run, and remember them."""
	running = frappe.get_all(DOCTYPE, {"method": ("in", JOBS), "stopped": 0}, pluck="method")
	if running:
		_set(running, stopped=1)
		frappe.db.set_default(KEPT_IN, json.dumps(sorted({*running, *_stopped_here()})))


def start() -> None:
	"""Start what `stop` stopped. Their next time is the next day: what was due today has been sent by this app."""
	_set(_stopped_here(), stopped=0, last_execution=now_datetime())
	frappe.defaults.clear_default(key=KEPT_IN)


def _stopped_here() -> list[str]:
	return json.loads(frappe.db.get_default(KEPT_IN) or "[]")


def _set(methods: list[str], **values) -> None:
	for name in frappe.get_all(DOCTYPE, {"method": ("in", methods or [""])}, pluck="name"):
		frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
