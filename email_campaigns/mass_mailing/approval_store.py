"""Approvals in the database: who may give them, what they cover, and the end of those that no longer hold."""

from __future__ import annotations

from html import escape

import frappe
from frappe import _
from frappe.utils import cint, format_datetime, get_fullname, now_datetime

from email_campaigns.delivery.mailing import authors_store, mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import status_store
from email_campaigns.mass_mailing.approval import fingerprint
from email_campaigns.notify import notify_users
from email_campaigns.settings import app_settings

NEEDED, ANOTHER = "needed", "another person"
SETTING = {"Needed": NEEDED, "Needed, by another person": ANOTHER}
MANAGER = "Campaign Manager"
MANAGERS = (MANAGER, "System Manager")
NONE = {"approved_by": None, "approved_on": None, "approval_hash": "", "rights_of": ""}
# Fields that only the steps of an approval write; a form that is saved can't.
STEP_FIELDS = ("requested_by", *NONE, "rejected_by", "rejection_reason", "overruled", "started_on")


class ApprovalVoid(frappe.ValidationError):
	"""The mailing would not be sent as it was approved. The message says what has changed."""


def approval_needed() -> str:
	"""Return whether the settings want an approval: "" for none, NEEDED, or ANOTHER for another person's."""
	return SETTING.get(app_settings().approval, "")


def load_approved(name: str) -> Mailing:
	"""Return a mailing that is to be sent.

	Raises ApprovalVoid where it has changed since it was approved, ValidationError where nobody answers for
	it.
	"""
	doc = frappe.get_doc("Mass Email", name)
	mailing = mailing_store.from_doc(doc)
	if doc.approval_hash and doc.approval_hash != fingerprint(mailing):
		raise ApprovalVoid(_changed(doc, mailing))
	return authors_store.check_authors(mailing)


def approval_problem(doc) -> str:
	"""Return why a Mass Email must not start, as a sentence; "" where its approval holds or none is needed.

	A mailing that can't be loaded has no problem here: it pauses with the reason when it is to be sent.
	"""
	if not doc.approval_hash:
		return (
			_("This mailing needs an approval before it starts.")
			if approval_needed() and not doc.started_on
			else ""
		)
	try:
		mailing = mailing_store.from_doc(doc)
	except frappe.ValidationError:
		frappe.clear_last_message()
		return ""
	return "" if doc.approval_hash == fingerprint(mailing) else _changed(doc, mailing)


def may_start(name: str) -> bool:
	"""Return whether a Pending mailing may start.

	One that may not goes back to Draft, and whoever asked for its approval is notified of the reason.
	"""
	doc = frappe.get_doc("Mass Email", name)
	problem = approval_problem(doc)
	if problem:
		void_approval(doc, problem)
	return not problem


def void_approval(doc, problem: str) -> bool:
	"""Take a Pending Mass Email whose approval does not hold back to Draft; return whether that happened."""
	moved = status_store.move(doc.name, "Draft", from_statuses=("Pending",), problem=problem, **NONE)
	if moved:
		notify_requester(doc, _("The mailing {0} is a Draft again: {1}"), problem)
	return moved


def pause_unapproved(name: str, problem: str) -> None:
	"""Pause a mailing under way whose approval does not hold, and notify whoever asked for it."""
	if status_store.move(name, "Paused", problem=problem):
		notify_requester(frappe.get_doc("Mass Email", name), _("The mailing {0} is paused: {1}"), problem)


def check_not_void(doc) -> None:
	"""Raise ApprovalVoid where a Mass Email must not go on before it is approved anew."""
	if problem := approval_problem(doc):
		sentence = _("{0} Before it goes on, a Campaign Manager has to approve it.").format(problem)
		frappe.throw(sentence, ApprovalVoid)


def prepared_fields(doc) -> dict:
	"""Return the fields of a Mass Email that the user starts or lets go on at this moment."""
	return authors_store.prepared_fields(doc, frappe.session.user)


def approval_fields(mailing: Mailing) -> dict:
	"""Return the fields of an approval that the user gives at this moment."""
	return {
		"approved_by": frappe.session.user,
		"approved_on": now_datetime(),
		"approval_hash": fingerprint(mailing),
	}


def renew_approval(doc, mailing: Mailing) -> None:
	"""Approve a Paused Mass Email as it is now; it stays Paused until somebody resumes it."""
	values = {**prepared_fields(doc), **approval_fields(mailing), "problem": ""}
	frappe.db.set_value("Mass Email", {"name": doc.name, "status": "Paused"}, values)
	frappe.clear_document_cache("Mass Email", doc.name)


def problem_with_approver(doc, user: str) -> str:
	"""Return why a user can't approve or reject a Mass Email, as a sentence; "" where they can."""
	if not is_manager(user):
		return _("{0} is not a Campaign Manager.").format(get_fullname(user))
	if not frappe.has_permission(doc.doctype, "write", doc, user=user):
		return _("{0} may not write this mailing.").format(get_fullname(user))
	if approval_needed() == ANOTHER and user in (doc.requested_by, doc.owner):
		return _(
			"The settings want another person than {0} to approve:"
			" neither the one who asks, nor the one who made the mailing."
		).format(get_fullname(user))
	return ""


def is_manager(user: str) -> bool:
	"""Return whether a user is enabled and has one of the roles MANAGERS."""
	return bool(cint(frappe.db.get_value("User", user, "enabled"))) and not set(MANAGERS).isdisjoint(
		frappe.get_roles(user)
	)


def check_approver(user: str, earlier: str) -> None:
	"""Raise ValidationError where the chosen approver, `user`, can't be one.

	`earlier` is the approver that the mailing had before: the sentence then says that they can't be one any
	more.
	"""
	title = _("Approver")
	if not cint(frappe.db.get_value("User", user, "enabled")):
		frappe.throw(_("{0} is disabled and can't approve.").format(get_fullname(user)), title=title)
	if is_manager(user):
		return
	if user == earlier:
		frappe.throw(_("{0} is not a Campaign Manager any more.").format(get_fullname(user)), title=title)
	frappe.throw(
		_("{0} is not a Campaign Manager, and can't approve.").format(get_fullname(user)), title=title
	)


def approvers(doc, asker: str) -> list[str]:
	"""Return the users who are asked: the Mass Email's approver, else all Campaign Managers but the asker.

	Where the settings want another person, neither the asker nor the owner is among them.
	"""
	users = [doc.approver] if doc.approver else managers()
	if doc.approver and approval_needed() != ANOTHER:
		return users
	excluded = (asker, doc.owner) if approval_needed() == ANOTHER else (asker,)
	return [user for user in users if user not in excluded]


def managers() -> list[str]:
	"""Return the enabled users who have the role of a Campaign Manager themselves."""
	return frappe.db.sql(
		"""SELECT u.name FROM `tabUser` u JOIN `tabHas Role` r ON r.parent = u.name AND r.parenttype = 'User'
		WHERE u.enabled = 1 AND r.role = %s ORDER BY u.name""",
		MANAGER,
		pluck=True,
	)


def notify_requester(doc, sentence: str, *values: str) -> None:
	"""Notify the user who asked for the approval of a Mass Email; `sentence` has {0} for the mailing."""
	if doc.requested_by:
		notify_of_mailing([doc.requested_by], doc, sentence, *values)


def notify_of_mailing(users: list[str], doc, sentence: str, *values: str) -> None:
	"""Send users Frappe's own notification of a Mass Email, with the texts of users escaped.

	`sentence` is translated, with {0} for the mailing and {1} and so on for `values`.
	"""
	title = f"<b>{escape(doc.title)}</b>"
	notify_users(users, "Mass Email", doc.name, sentence.format(title, *map(escape, values)))


def _changed(doc, mailing: Mailing) -> str:
	changed = ", ".join(_changed_documents(doc, mailing)) or _("The mailing {0}").format(doc.title)
	return _("{0} was changed after {1} approved it on {2}.").format(
		changed, get_fullname(doc.approved_by), format_datetime(doc.approved_on)
	)


def _changed_documents(doc, mailing: Mailing) -> list[str]:
	"""Return the names of the documents beside the mailing that were changed after its approval."""
	versions = (*doc.language_versions, *doc.ab_versions)
	templates = [doc.email_template, *(row.email_template for row in versions if row.email_template)]
	documents = [("Email Template", name) for name in dict.fromkeys(templates)]
	documents += [("Campaign", mailing.campaign), ("Email Account", mailing.account)]
	return [
		_("The {0} {1}").format(_(doctype), name)
		for doctype, name in documents
		if doc.approved_on and frappe.db.get_value(doctype, name, "modified") > doc.approved_on
	]
