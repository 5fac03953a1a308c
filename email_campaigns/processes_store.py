"""Processes that run code from before this app was installed or changed: they lose what it would write.

A web server or a background worker keeps the code that it has loaded until it is restarted.
"""

from __future__ import annotations

import os
from datetime import datetime, timezone

import frappe
import psutil
from frappe import _
from frappe.utils import cint
from frappe.utils.background_jobs import get_workers

CODE_SINCE = "email_campaigns_code_since"  # a default of the site: Unix seconds of the machine's clock


def note_new_code() -> None:
	"""Remember that processes which run now have older code."""
	frappe.db.set_default(CODE_SINCE, int(datetime.now(timezone.utc).timestamp()))


def old_code_warnings() -> list[str]:
	"""Return sentences about the web server and the background workers that run older code."""
	since = cint(frappe.db.get_default(CODE_SINCE))
	warnings = []
	if psutil.Process(os.getpid()).create_time() < since:
		warnings.append(_("The web server was started before the apps were changed, and runs older code."))
	workers = sum(_born(worker) < since for worker in get_workers())
	if workers:
		sentence = _("{0} background workers were started before the apps were changed, and run older code.")
		warnings.append(sentence.format(workers))
	if warnings:
		warnings.append(_("Run bench restart: what older code saves may never be sent."))
	return warnings


def _born(worker) -> float:
	"""Return when a worker of RQ was started, in Unix seconds; it is unknown for one that just starts."""
	born = worker.birth_date
	return (born if born.tzinfo else born.replace(tzinfo=timezone.utc)).timestamp() if born else float("inf")
