"""The steps before a mailing starts: the check list, and asking for an approval, giving it and refusing it.

Each function checks the user's permission on the document itself.
"""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe import _
from frappe.utils import get_fullname, get_system_timezone

from email_campaigns.api.arguments import checked
from email_campaigns.api.desk import mass_email_steps
from email_campaigns.api.kinds import Name, Names, Number, Text, Unused
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import approval_store, freeze_store
from email_campaigns.mass_mailing.approval import fingerprint
from email_campaigns.mass_mailing.prepare import checks_store, overrule_store


@frappe.whitelist()
@checked
def prepare(name: Name) -> dict:
	"""Return what a user has to know before a mailing starts.

	"count" is the answer of `mass_email.calculate`, None where the mailing can't be read. "findings" is the
	check list, errors first: a warning with a "key" has to be overruled by a person, and says in "overruled"
	by whom it was, and when. "approval" is "", "needed" or "another person"; "approvers" are the names of the
	users who would be asked. "starts" is the time on the mailing's own clock, "" for at once, with its
	"time_zone" where that is not the site's. "seen" is the fingerprint that `approve` takes.
	"""
	doc = mass_email_steps.load_mass_email(name)
	count = _count(doc)
	return {
		"count": count,
		"findings": [_shown(line) for line in checks_store.prepare_findings(doc, count)],
		"approval": approval_store.approval_needed(),
		"approvers": [get_fullname(user) for user in approval_store.approvers(doc, frappe.session.user)],
		"starts": "" if _at_once(doc) else str(doc.start_date),
		"time_zone": doc.time_zone if doc.time_zone != get_system_timezone() else "",
		"seen": fingerprint(mailing_store.from_doc(doc)) if count else "",
	}


def _shown(line: dict) -> dict:
	"""Return a line of the check list with the full name of whoever has overruled it."""
	decision = line["overruled"]
	return {**line, "overruled": decision and {**decision, "by": get_fullname(decision["by"])}}


def _count(doc) -> dict | None:
	"""Return the count of a Mass Email's recipients, None where it can't be read."""
	try:
		return freeze_store.count_audience(doc.name)
	except frappe.ValidationError:
		# The check list says what is wrong.
		frappe.clear_last_message()
		return None


def _at_once(doc) -> bool:
	"""Tell whether a Mass Email starts, or goes on, as soon as it may."""
	return bool(doc.started_on) or mass_email_steps.starts_now(doc)


@frappe.whitelist(methods=["POST"])
@checked
def submit(name: Name, overruled: Names | None = None) -> None:
	"""Start or schedule a Draft, or ask for its approval where the settings want one.

	`overruled` are the keys of warnings that the user overrules. Throws ValidationError where the check list
	has an error, or a warning that asks and that nobody has overruled.
	"""
	doc = mass_email_steps.load_mass_email(name)
	at_once = mass_email_steps.starts_now(doc)
	if approval_store.approval_needed():
		_request_approval(doc, overruled or ())
	else:
		decisions = overrule_store.check_findings(doc, overruled or ())
		values = {**approval_store.NONE, **approval_store.prepared_fields(doc), **decisions}
		mass_email_steps.start(doc, at_once, from_statuses=("Draft",), **values)


def _request_approval(doc, overruled: Collection[str]) -> None:
	"""Bring a Mass Email from Draft to Pending Approval and notify its approvers."""
	user = frappe.session.user
	_check_named_approver(doc, user)
	decisions = overrule_store.check_findings(doc, overruled)
	request = {"requested_by": user, "rejected_by": None, "rejection_reason": "", **decisions}
	values = {**request, **approval_store.NONE, **approval_store.prepared_fields(doc)}
	mass_email_steps.move(doc.name, "Pending Approval", from_statuses=("Draft",), **values)
	sentence = _("{1} asks you to approve the mailing {0}")
	approval_store.notify_of_mailing(approval_store.approvers(doc, user), doc, sentence, get_fullname(user))


def _check_named_approver(doc, user: str) -> None:
	"""Throw where the approver that a Mass Email names can't approve it; `user` is who asks."""
	if not doc.approver:
		return
	approval_store.check_approver(doc.approver, doc.approver)
	if not approval_store.approvers(doc, user):
		sentence = _("The settings want another person than {0} to approve. Choose another approver.")
		frappe.throw(sentence.format(get_fullname(doc.approver)))


@frappe.whitelist(methods=["POST"])
@checked
def approve(name: Name, seen: Text = "", overruled: Names | None = None) -> None:
	"""Approve a mailing: one that awaits it then starts, a Paused one that was changed can then go on.

	`seen` is the fingerprint that `prepare` returned: changes since then are not approved unseen. `overruled`
	are the keys of warnings that the user overrules, as for `submit`.
	"""
	doc = mass_email_steps.load_mass_email(name)
	_check_may_approve(doc)
	mailing = mass_email_steps.check_sendable(name)
	if seen and seen != fingerprint(mailing):
		frappe.throw(_("The mailing was changed while you looked at it. Look at it again, then approve."))
	if doc.status == "Paused":
		_approve_changes(doc, mailing)
	else:
		_approve_start(doc, mailing, overruled or ())


def _approve_start(doc, mailing: Mailing, overruled: Collection[str]) -> None:
	"""Approve a Mass Email that is Pending Approval, and start or schedule it."""
	at_once = mass_email_steps.starts_now(doc)
	pending = doc.status == "Pending Approval"
	decisions = overrule_store.check_findings(doc, overruled) if pending else {}
	approved = {**approval_store.prepared_fields(doc), **approval_store.approval_fields(mailing)}
	values = {**approved, **decisions}
	mass_email_steps.start(doc, at_once, from_statuses=("Pending Approval",), **values)
	sentence = _("{1} has approved the mailing {0}")
	approval_store.notify_requester(doc, sentence, get_fullname(frappe.session.user))


def _approve_changes(doc, mailing: Mailing) -> None:
	"""Approve a Paused Mass Email as it is now."""
	if not approval_store.approval_problem(doc):
		frappe.throw(_("This mailing is approved as it is. Press Resume to go on."))
	approval_store.renew_approval(doc, mailing)
	sentence = _("{1} has approved the mailing {0} as it is now. It can be resumed.")
	approval_store.notify_requester(doc, sentence, get_fullname(frappe.session.user))


@frappe.whitelist(methods=["POST"])
@checked
def reject(name: Name, reason: Text) -> None:
	"""Send a mailing that awaits its approval back to Draft, with the reason on its form."""
	doc = mass_email_steps.load_mass_email(name)
	_check_may_approve(doc)
	reason = reason.strip()
	if not reason:
		frappe.throw(_("Say why the mailing is rejected."))
	user = frappe.session.user
	rejection = {"rejected_by": user, "rejection_reason": reason}
	mass_email_steps.move(
		name, "Draft", from_statuses=("Pending Approval",), **rejection, **approval_store.NONE
	)
	approval_store.notify_requester(
		doc, _("{1} has rejected the mailing {0}: {2}"), get_fullname(user), reason
	)


def _check_may_approve(doc) -> None:
	"""Throw where the user can't approve or reject a Mass Email."""
	if problem := approval_store.problem_with_approver(doc, frappe.session.user):
		is_manager = approval_store.is_manager(frappe.session.user)
		frappe.throw(problem, frappe.ValidationError if is_manager else frappe.PermissionError)


@frappe.whitelist()
@checked
@frappe.validate_and_sanitize_search_inputs
def find_approvers(  # noqa: PLR0913 -- Frappe calls the query of a Link field so
	doctype: Text, txt: Text, searchfield: Text, start: Number, page_len: Number, filters: Unused = None
) -> list[tuple]:
	"""Return (user, full name) of the Campaign Managers whose name has the text `txt`, for a Link field."""
	if not frappe.has_permission("Mass Email", "write"):
		frappe.throw(_("You have no permission to write mailings."), frappe.PermissionError)
	managers = [(user, get_fullname(user)) for user in approval_store.managers()]
	matches = [names for names in managers if txt.lower() in " ".join(names).lower()]
	return matches[start : start + page_len]
