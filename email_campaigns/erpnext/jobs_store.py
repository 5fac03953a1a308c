"""ERPNext's two scheduled jobs: stopped while this app sends, so that nobody is mailed twice, and started
again later.

The jobs that were stopped here are stored in a default of the site: a job that an administrator has stopped
stays so. The framework inserts the jobs of an app after all hooks of its installation, so a job is stopped by
an event of its own document, and by each tick where it was started past its document.
"""

from __future__ import annotations

import json

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, now_datetime

from email_campaigns.erpnext.names import JOBS

STOPPED_JOBS_KEY = "email_campaigns_stopped_jobs"
DOCTYPE = "Scheduled Job Type"


def busy() -> bool:
	"""Tell whether one of the jobs is queued or running: stopping its schedule would not stop it."""
	names = frappe.get_all(DOCTYPE, {"method": ("in", JOBS)}, pluck="name")
	# Frappe 15 and 16 make the id of a job of different parts, which the document knows.
	return any(frappe.get_doc(DOCTYPE, name).is_job_in_queue() for name in names)


def stop() -> None:
	"""Stop the jobs that are not stopped yet, and remember them."""
	active = frappe.get_all(DOCTYPE, {"method": ("in", JOBS), "stopped": 0}, pluck="method")
	if active:
		_set(active, stopped=1)
		_remember(active)


def keep_stopped(doc: Document, method: str | None = None) -> None:
	"""validate of a Scheduled Job Type: stop one of the two jobs, whoever inserts or starts it."""
	if doc.method not in JOBS or cint(doc.stopped):
		return
	doc.stopped = 1
	_remember([doc.method])
	if not doc.is_new():
		frappe.msgprint(
			_("{0} stays stopped: Email Campaigns sends these mails, and nobody may get them twice.").format(
				doc.method
			),
			alert=True,
		)


def start() -> None:
	"""Start the jobs that `stop` has stopped. They run on the next day, because this app has sent what was
	due today."""
	_set(_stopped_here(), stopped=0, last_execution=now_datetime())
	forget()


def forget() -> None:
	"""Forget which jobs were stopped here, as where their app is gone."""
	frappe.defaults.clear_default(key=STOPPED_JOBS_KEY)


def _remember(methods: list[str]) -> None:
	frappe.db.set_default(STOPPED_JOBS_KEY, json.dumps(sorted({*methods, *_stopped_here()})))


def _stopped_here() -> list[str]:
	# Past the cache of defaults, which the framework does not clear while it installs an app.
	default = {"defkey": STOPPED_JOBS_KEY, "parent": "__default"}
	return json.loads(frappe.db.get_value("DefaultValue", default, "defvalue") or "[]")


def _set(methods: list[str], **values: object) -> None:
	for name in frappe.get_all(DOCTYPE, {"method": ("in", methods or [""])}, pluck="name"):
		frappe.db.set_value(DOCTYPE, name, values, update_modified=False)
