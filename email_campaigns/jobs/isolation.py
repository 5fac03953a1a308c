"""One mailing that fails stops no other: the error is logged once, and its form says so.

Used around the work on each mailing or campaign in a job that goes through all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import frappe
from frappe import _
from rq.timeouts import BaseTimeoutException

from email_campaigns.drip import streams_store
from email_campaigns.mass_mailing import status_store

Show = Callable[[str], bool]  # shows a sentence on a form, and tells whether that changed what it shows


def on_no_form(problem: str) -> bool:
	"""Show nothing where the work belongs to no form; each of its errors is logged."""
	return True


@contextmanager
def isolate(work: str, show: Show = on_no_form) -> Iterator[None]:
	"""Roll back and log an error of the block instead of raising it; `work` names the block in the log.

	`show` gets a sentence for the form. Where the form shows it already, the error is in the log already. A
	lock that was waited for too long, or a deadlock, is over at the next try: it is logged alone.
	"""
	try:
		yield
	except BaseTimeoutException:
		raise  # the job's time is over, so no other mailing has its turn
	except (frappe.QueryDeadlockError, frappe.QueryTimeoutError):
		frappe.db.rollback()
		_log(work)
	except Exception:
		frappe.db.rollback()
		if show(error_sentence()):
			_log(work)


def error_sentence() -> str:
	"""Return the sentence that a form shows where the work on it fails."""
	return _("Its last job stopped with an error, which is in the Error Log; it is tried again.")


def _log(work: str) -> None:
	frappe.log_error(f"Email Campaigns: {work} failed")
	frappe.db.commit()


def isolate_mailing(name: str, work: str) -> AbstractContextManager[None]:
	"""Isolate the work on a Mass Email, as `isolate`."""
	return isolate(f"{work} of {name}", lambda problem: _show_on_mailing(name, problem))


def isolate_campaign(name: str, work: str) -> AbstractContextManager[None]:
	"""Isolate the work on the sequences of a campaign, as `isolate`."""
	return isolate(f"{work} of {name}", lambda problem: _show_on_campaign(name, problem))


def _show_on_mailing(name: str, problem: str) -> bool:
	if status_store.shown_problem(name) == problem:
		return False
	status_store.show_problem(name, problem)
	return True


def _show_on_campaign(name: str, problem: str) -> bool:
	if streams_store.shown_problem(name) == problem:
		return False
	streams_store.show_problem(name, problem)
	return True
