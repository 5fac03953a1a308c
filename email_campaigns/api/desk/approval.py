"""Who says go: the check list, asking for an approval, giving it and refusing it.

Each checks the user's permission on the document itself.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cstr, get_fullname, get_system_timezone

from email_campaigns.api.desk import mass_email_steps
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.mass_mailing import approval_store, freeze_store
from email_campaigns.mass_mailing.approval import fingerprint
from email_campaigns.mass_mailing.prepare import checks_store


@frappe.whitelist()
def prepare(name: str) -> dict:
	"""Return what there is to know before a mailing goes.

	"count" is as `desk.calculate` gives it, None where the mailing can't be read; "findings" the check list, errors
	first; "approval" "", "needed" or "another person"; "approvers" the names of those who would be asked; "starts" the
	time on the mailing's own clock, "" for at once, with its "time_zone" where that is not the site's; "seen" what
	`approve` takes.
	"""
	doc = mass_email_steps.load_mass_email(name)
	count = _count(doc)
	return {
		"count": count,
		"findings": checks_store.check_list(doc, count),
		"approval": approval_store.approval_needed(),
		"approvers": [get_fullname(user) for user in approval_store.approvers(doc, frappe.session.user)],
		"starts": "" if _at_once(doc) else str(doc.start_date),
		"time_zone": doc.time_zone if doc.time_zone != get_system_timezone() else "",
		"seen": fingerprint(mailing_store.from_doc(doc)) if count else "",
	}


def _count(doc) -> dict | None:
	try:
		return freeze_store.count_audience(doc.name)
	except frappe.ValidationError:
		# The check list says what is wrong.
		frappe.clear_last_message()
		return None


def _at_once(doc) -> bool:
	return bool(doc.started_on) or mass_email_steps.starts_now(doc)


@frappe.whitelist(methods=["POST"])
def submit(name: str) -> None:
	"""Let a Draft go, or ask for its approval where the settings want one; an error of the check list refuses it."""
	doc = mass_email_steps.load_mass_email(name)
	at_once = mass_email_steps.starts_now(doc)
	if approval_store.approval_needed():
		return _ask(doc)
	checks_store.check_no_errors(doc)
	mass_email_steps.start(doc, at_once, from_statuses=("Draft",), **approval_store.NONE)


def _ask(doc) -> None:
	user = frappe.session.user
	if doc.approver:
		approval_store.check_approver(doc.approver, doc.approver)
		if not approval_store.approvers(doc, user):
			frappe.throw(
				_("The settings want another person than {0} to approve. Choose another approver.").format(
					get_fullname(doc.approver)
				)
			)
	checks_store.check_no_errors(doc)
	asked = {"requested_by": user, "rejected_by": None, "rejection_reason": ""}
	mass_email_steps.move(
		doc.name, "Pending Approval", from_statuses=("Draft",), **asked, **approval_store.NONE
	)
	sentence = _("{1} asks you to approve the mailing {0}")
	approval_store.notify_of_mailing(approval_store.approvers(doc, user), doc, sentence, get_fullname(user))


@frappe.whitelist(methods=["POST"])
def approve(name: str, seen: str = "") -> None:
	"""Let a mailing that awaits its approval go; approve anew what has changed in a Paused one, which can then be resumed.

	`seen` is what `prepare` gave: what has changed since is not approved unseen.
	"""
	doc = mass_email_steps.load_mass_email(name)
	_refuse_stranger(doc)
	mailing = mass_email_steps.check_sendable(name)
	if seen and seen != fingerprint(mailing):
		frappe.throw(_("The mailing was changed while you looked at it. Look at it again, then approve."))
	if doc.status == "Paused":
		return _renew(doc, mailing)
	at_once = mass_email_steps.starts_now(doc)
	if doc.status == "Pending Approval":
		checks_store.check_no_errors(doc)
	mass_email_steps.start(
		doc, at_once, from_statuses=("Pending Approval",), **approval_store.approval_fields(mailing)
	)
	sentence = _("{1} has approved the mailing {0}")
	approval_store.notify_requester(doc, sentence, get_fullname(frappe.session.user))


def _renew(doc, mailing) -> None:
	if not approval_store.approval_problem(doc):
		frappe.throw(_("This mailing is approved as it is. Press Resume to go on."))
	approval_store.renew_approval(doc, mailing)
	sentence = _("{1} has approved the mailing {0} as it is now. It can be resumed.")
	approval_store.notify_requester(doc, sentence, get_fullname(frappe.session.user))


@frappe.whitelist(methods=["POST"])
def reject(name: str, reason: str) -> None:
	"""Send a mailing that awaits its approval back to Draft, with the reason on its form."""
	doc = mass_email_steps.load_mass_email(name)
	_refuse_stranger(doc)
	reason = cstr(reason).strip()
	if not reason:
		frappe.throw(_("Say why the mailing is rejected."))
	user = frappe.session.user
	rejected = {"rejected_by": user, "rejection_reason": reason}
	mass_email_steps.move(
		name, "Draft", from_statuses=("Pending Approval",), **rejected, **approval_store.NONE
	)
	approval_store.notify_requester(
		doc, _("{1} has rejected the mailing {0}: {2}"), get_fullname(user), reason
	)


def _refuse_stranger(doc) -> None:
	if why := approval_store.problem_with_approver(doc, frappe.session.user):
		is_manager = approval_store.is_manager(frappe.session.user)
		frappe.throw(why, frappe.ValidationError if is_manager else frappe.PermissionError)


@frappe.whitelist()
@frappe.validate_and_sanitize_search_inputs
def find_approvers(
	doctype: str, txt: str, searchfield: str, start: int, page_len: int, filters: dict
) -> list[tuple]:
	"""Return (user, full name) of the Campaign Managers that match, for a Link field."""
	if not frappe.has_permission("Mass Email", "write"):
		frappe.throw(_("You have no permission to write mailings."), frappe.PermissionError)
	names = [(user, get_fullname(user)) for user in approval_store.managers()]
	found = [names for names in names if txt.lower() in " ".join(names).lower()]
	return found[start : start + page_len]
