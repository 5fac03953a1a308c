"""ERPNext's two scheduled jobs: stopped while this app sends, so that nobody is mailed twice, and started
again later.

The jobs that were stopped here are stored in a default of the site: a job that an administrator has stopped
stays so.
"""

from __future__ import annotations

import json

import frappe
from frappe.utils import now_datetime

from email_campaigns.compat import is_job_enqueued
from email_campaigns.erpnext.names import JOBS

STOPPED_JOBS_KEY = "email_campaigns_stopped_jobs"
DOCTYPE = "Scheduled Job Type"


def busy() -> bool:
	"""Tell whether one of the jobs is queued or running: stopping its schedule would not stop it."""
	return any(is_job_enqueued(f"scheduled_job::{method}") for method in JOBS)


def stop() -> None:
	"""Stop the jobs that are not stopped yet, and remember them."""
	active = frappe.get_all(DOCTYPE, {"method": ("in", JOBS), "stopped": 0}, pluck="method")
	if active:
		_set(active, stopped=1)
		frappe.db.set_default(STOPPED_JOBS_KEY, json.dumps(sorted({*active, *_stopped_here()})))


def start() -> None:
	"""Start the jobs that `stop` has stopped. They run on the next day, because this app has sent what was
	due today."""
	_set(_stopped_here(), stopped=0, last_execution=now_datetime())
	frappe.defaults.clear_default(key=STOPPED_JOBS_KEY)


def _stopped_here() -> list[str]:
	return json.loads(frappe.db.get_default(STOPPED_JOBS_KEY) or "[]")


def _set(methods: list[str], **values: object) -> None:
	for name in frappe.get_all(DOCTYPE, {"method": ("in", methods or [""])}, pluck="name"):
		frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
