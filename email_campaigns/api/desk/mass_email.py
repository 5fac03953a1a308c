"""Mailings on their form: count, pause, resume, cancel, progress. Each function checks the permission."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cint, get_fullname

from email_campaigns.api.arguments import checked
from email_campaigns.api.desk import mass_email_steps
from email_campaigns.api.kinds import Name, Text
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.sending import domain_hold_store, hold_store, limits_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.jobs import endings
from email_campaigns.mass_mailing import ab_winner_store, approval_store, freeze_store, status_store
from email_campaigns.schedule.estimate import EXPECTED_RATE, ends_at
from email_campaigns.schedule.limits import HOUR
from email_campaigns.site_time import database_epoch, site_now

NO_PACE = {"opens_in": 0, "held_by": "", "rate": 0, "ends_at": None}
LATE = 900  # seconds after the start of a mailing; the tick looks at it three times by then


@frappe.whitelist()
@checked
def calculate(name: Name) -> dict:
	"""Return how many recipients the mailing would have now, and how many get nothing, by reason."""
	mass_email_steps.load_mass_email(name, "read")
	return freeze_store.count_audience(name)


@frappe.whitelist(methods=["POST"])
@checked
def back_to_draft(name: Name) -> None:
	"""Take a scheduled mailing back to Draft, or one that awaits its approval.

	The latter only its asker and its owner may do.
	"""
	doc = mass_email_steps.load_mass_email(name)
	if doc.status == "Pending Approval" and frappe.session.user not in (doc.requested_by, doc.owner):
		asker = frappe.bold(get_fullname(doc.requested_by))
		frappe.throw(_("Only {0}, who asked for the approval, can take it back.").format(asker))
	mass_email_steps.move(name, "Draft", from_statuses=(doc.status,), **approval_store.NONE)


@frappe.whitelist(methods=["POST"])
@checked
def pause(name: Name) -> None:
	"""Pause a mailing; a mail that is being sent at this moment is the last one."""
	mass_email_steps.move(name, "Paused")


@frappe.whitelist(methods=["POST"])
@checked
def resume(name: Name) -> None:
	"""Go on with exactly the mails that have not been sent."""
	doc = mass_email_steps.load_mass_email(name)
	approval_store.check_not_void(doc)
	hold_store.start_again(mailing_store.account_name(doc.sender_account))
	target = "In Process" if doc.started_on else "Pending"
	mass_email_steps.move(name, target, from_statuses=("Paused",), **approval_store.prepared_fields(doc))
	if doc.started_on:
		status_store.spread_from(name, counts_store.count_remaining(name), database_epoch())
	mass_email_steps.tick_soon()


@frappe.whitelist(methods=["POST"])
@checked
def cancel(name: Name, reason: Text) -> None:
	"""End a mailing for good; every mail that has not been sent is Cancelled with the reason.

	With the status, no further mail leaves. A first slice of mails ends at once, the rest in the background.
	"""
	if not reason.strip():
		frappe.throw(_("Say why the mailing is cancelled."))
	mass_email_steps.move(name, "Cancelled", cancel_reason=reason.strip(), completed_on=site_now())
	endings.cancel_next(name, unclaimed=True)
	endings.cancel_soon(name)


@frappe.whitelist()
@checked
def progress(name: Name) -> dict:
	"""Return the state of a mailing for its form.

	"status"; "frozen", whether its recipients are decided; "version", the chosen version of its A/B test;
	"problem", the sentence that says what holds it up, and "waits", whether that passes by itself;
	"by_status" and "by_reason", numbers of mails. `opens_in` is the number of seconds until the limit named
	`held_by` lets the next mail go, 0 where none holds it; `rate` is in mails an hour, of the last five
	minutes; `ends_at` is an estimate in Unix seconds, None where nothing is known.
	"""
	doc = mass_email_steps.load_mass_email(name, "read")
	problem = doc.problem or _hindrance(doc)
	waiting = "" if problem else _waiting(doc)
	return {
		"status": doc.status,
		"frozen": bool(doc.frozen),
		"version": doc.ab_winner or "",
		"problem": problem or waiting,
		"waits": bool(waiting),
		"by_status": counts_store.count_by_status(name),
		"by_reason": counts_store.count_by_reason(name),
		**(_pace(name) if doc.status == "In Process" else NO_PACE),
	}


def _pace(name: str) -> dict:
	epoch = database_epoch()
	limits = limits_store.mass_email_limits(name, epoch)
	# Nobody knows when mails that wait for the winner of an A/B test will go.
	remaining = counts_store.count_remaining(name) - ab_winner_store.count_waiting(name)
	opens, held_by = limits.opens(epoch)
	rate = counts_store.hourly_rate(name, epoch)
	return {
		# Times of sending are rounded up, so the hour of a limit can seem a second longer.
		"opens_in": opens - epoch if held_by == hold_store.WAITS else min(HOUR, opens - epoch),
		"held_by": _(held_by) if held_by else "",
		"rate": rate,
		"ends_at": ends_at(limits.shared, remaining, epoch, rate or EXPECTED_RATE) if remaining else None,
	}


def _waiting(doc) -> str:
	"""Return until when the mail of a Mass Email waits for its server and why, "" where it does not."""
	if doc.status != "In Process":
		return ""
	account = mailing_store.account_name(doc.sender_account)
	return hold_store.hold_sentence(account) or domain_hold_store.waiting_sentence(doc.name)


def _hindrance(doc) -> str:
	"""Return what holds up a Mass Email that its own status does not show, "" where nothing does."""
	if doc.status not in ("Pending", "In Process"):
		return ""
	if hindrance := transport.sending_hindrance():
		return hindrance
	if frappe.db.get_value("Campaign", doc.campaign, "status") == "Inactive":
		return _("The campaign is Inactive, so nothing is sent until it is Active again.")
	if doc.status == "Pending" and cint(doc.start_epoch) and database_epoch() - cint(doc.start_epoch) > LATE:
		return _(
			"The start has passed, and nothing has started the mailing:"
			" are the scheduler and the workers running?"
		)
	return ""
