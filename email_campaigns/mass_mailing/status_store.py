"""The only writer of a Mass Email's status.

Each change is one UPDATE that names the states it may come from, so of two that race for it only one
succeeds.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.utils import cint

from email_campaigns import lifecycle
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.ledger.counts_store import publish_progress
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS
from email_campaigns.schedule.limits import HOUR
from email_campaigns.site_time import site_now

LOCKED = ["status", "frozen", "deadline_epoch", "campaign", "missing_cursor"]
ENDED = ("Complete", "Failed")
COUNTED = ("planned", "sent", "failed", "skipped", "uncertain", "cancelled")


def move(name: str, target: str, *, from_statuses: Iterable[str] = (), **values) -> bool:
	"""Bring a Mass Email to `target` if its state allows it, with other fields; return whether that happened.

	`from_statuses` are those of the legal origins that the caller means, all where it is empty. A problem
	that was shown is gone with the change unless a new one is given.
	"""
	allowed = lifecycle.origins("Mass Email", target)
	origins = [state for state in allowed if state in from_statuses] if from_statuses else allowed
	values = {"problem": "", "modified": site_now(), "modified_by": frappe.session.user} | values
	assignments = ", ".join(f"`{field}` = %({field})s" for field in values)
	frappe.db.sql(
		f"""UPDATE `tabMass Email` SET status = %(target)s, {assignments}
		WHERE name = %(name)s AND status IN %(origins)s""",
		{**values, "target": target, "name": name, "origins": origins or ("",)},
	)
	moved = affected_rows() == 1
	frappe.clear_document_cache("Mass Email", name)
	if moved:
		publish_progress(name)
	return moved


def lock(name: str):
	"""Return the fields LOCKED of a mailing as they are now, None where it does not exist.

	Both those who open mails again and the job that finishes the mailing hold this lock, so that no open mail
	stays behind in a mailing that ended at the same moment.
	"""
	return frappe.db.get_value("Mass Email", name, LOCKED, as_dict=True, for_update=True)


def reopen(name: str) -> bool:
	"""Let an ended mailing go on with the mails that are open again; return whether it had ended."""
	return move(name, "In Process", from_statuses=("Complete", "Failed"), completed_on=None)


def searching_mailings() -> list[str]:
	"""Return the mailings for which members without a mail are being looked for."""
	return frappe.db.sql("SELECT name FROM `tabMass Email` WHERE missing_cursor > 0", pluck=True)


def show_problem(name: str, problem: str) -> None:
	"""Show a sentence on the mailing's form without changing its status."""
	frappe.db.set_value("Mass Email", name, "problem", problem, update_modified=False)
	publish_progress(name)


def shown_problem(name: str) -> str:
	"""Return the sentence that the mailing's form shows, "" where there is none."""
	return frappe.db.get_value("Mass Email", name, "problem") or ""


def due_mailings(epoch: int) -> list[str]:
	"""Return the mailings to start by `epoch` (Unix seconds), the earliest first; no Inactive campaign's."""
	return frappe.db.sql(
		f"""SELECT p.name FROM `tabMass Email` p JOIN `tabCampaign` c ON c.name = p.campaign
		WHERE p.status = 'Pending' AND p.start_epoch <= %s AND {CAMPAIGN_SENDS} ORDER BY p.start_epoch""",
		epoch,
		pluck=True,
	)


def ended_with_queued() -> list[str]:
	"""Return the Complete and Failed mailings of which a mail is Queued and in no batch."""
	return frappe.db.sql(
		"""SELECT p.name FROM `tabMass Email` p WHERE p.status IN %s AND EXISTS (
			SELECT 1 FROM `tabCampaign Message` c
			WHERE c.source = p.name AND c.status = 'Queued' AND c.claim = '')""",
		(ENDED,),
		pluck=True,
	)


def queued_end_reason(name: str) -> str:
	"""Return the reason with which Queued mails of such a mailing end, "" where it is open again.

	The mailing is locked, so that nobody opens mails of it again meanwhile.
	"""
	status = frappe.db.get_value("Mass Email", name, "status", for_update=True)
	return _("The mailing ended before this mail could leave.") if status in ENDED else ""


def past_deadline(epoch: int) -> list[str]:
	"""Return the mailings in process or paused whose deadline has passed at `epoch` (Unix seconds)."""
	return frappe.db.sql(
		"""SELECT name FROM `tabMass Email`
		WHERE status IN ('In Process', 'Paused') AND frozen = 1 AND deadline_epoch BETWEEN 1 AND %s""",
		epoch,
		pluck=True,
	)


def cancel_reason(name: str) -> str | None:
	"""Return why a mailing was cancelled, None where it is not Cancelled."""
	status, reason = frappe.db.get_value("Mass Email", name, ["status", "cancel_reason"]) or ("", "")
	return (reason or "") if status == "Cancelled" else None


def unfinished_cancellations() -> list[str]:
	"""Return the Cancelled mailings of which a mail is still Queued."""
	return frappe.db.sql(
		"""SELECT p.name FROM `tabMass Email` p WHERE p.status = 'Cancelled' AND EXISTS (
			SELECT 1 FROM `tabCampaign Message` m WHERE m.source = p.name AND m.status = 'Queued')""",
		pluck=True,
	)


def spread_from(name: str, remaining: int, epoch: int) -> None:
	"""Spread the `remaining` mails from `epoch` (Unix seconds) on: at the start, and anew after a pause."""
	values = {"anchor_epoch": epoch, "anchor_left": remaining}
	hours, until = frappe.db.get_value("Mass Email", name, ["spread_hours", "spread_until"])
	if not cint(until):
		values["spread_until"] = epoch + cint(hours) * HOUR if cint(hours) else 0
	frappe.db.set_value("Mass Email", name, values, update_modified=False)


def finish(name: str) -> bool:
	"""Complete a mailing without open mails; it has Failed where no mail at all could be sent.

	Return whether its status changed.
	"""
	counts = frappe.db.get_value("Mass Email", name, [f"{kind}_count" for kind in COUNTED], as_dict=True)
	if counts.sent_count or counts.uncertain_count:
		return move(name, "Complete", completed_on=site_now())
	problem = (
		_("Nobody on the target lists can be mailed.")
		if not counts.planned_count
		else _("Not one mail could be sent.")
	)
	return move(name, "Failed", completed_on=site_now(), problem=problem)
