"""Mass Emails in the database: loading one as a value, and every change of its status.

The only writer of a Mass Email's status. Each change is one UPDATE that names the states it may come from,
so of two that race for it one is told no.
"""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import now_datetime

from email_campaigns import lifecycle
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.mailing import Mailing

INFORMATIONAL = "Informational Email"
COUNTED = ("planned", "sent", "failed", "skipped", "uncertain", "cancelled")


def load(name: str) -> Mailing:
	"""Return a Mass Email as a value. Raises ValidationError where its template or its sender is of no use."""
	doc = frappe.get_doc("Mass Email", name)
	template = frappe.get_doc("Email Template", doc.email_template)
	campaign = frappe.get_doc("Campaign", doc.campaign)
	account = sender_account(doc.sender_account)
	return Mailing(
		name=doc.name,
		title=doc.title,
		campaign=campaign.name,
		subject=template.subject or "",
		html=(template.response_html if template.use_html else template.response) or "",
		sender_user=doc.owner,
		account=account.name,
		sender_address=sender_address(account),
		sender_name=doc.from_name or account.name,
		reply_to=doc.reply_to or "",
		heeds_opt_out=campaign.campaign_type != INFORMATIONAL,
		lists=tuple(row.target_list for row in doc.target_lists or campaign.target_lists),
		excluding=tuple(
			row.target_list for row in doc.excluding_target_lists or campaign.excluding_target_lists
		),
		duplicate_policy=doc.duplicate_policy,
	)


def sender_account(name: str | None):
	"""Return the Email Account that sends: the one named, else the site's default outgoing one.

	Raises ValidationError with a sentence where there is none or it does not send.
	"""
	if name:
		account = frappe.get_doc("Email Account", name)
	else:
		account = (
			frappe.get_doc("Email Account", {"default_outgoing": 1, "enable_outgoing": 1})
			if _default()
			else None
		)
	if not account:
		frappe.throw(
			_("There is no default outgoing Email Account. Choose an Email Account for this mailing.")
		)
	if not account.enable_outgoing:
		frappe.throw(_("The Email Account {0} is not enabled for outgoing mail.").format(account.name))
	return account


def _default() -> bool:
	return bool(frappe.db.exists("Email Account", {"default_outgoing": 1, "enable_outgoing": 1}))


def sender_address(account) -> str:
	"""Return the account's address in the form for the envelope. Raises ValidationError."""
	try:
		return normalise(account.email_id or "")
	except InvalidAddress as error:
		frappe.throw(_("The Email Account {0} has no valid address: {1}").format(account.name, error))


def move(name: str, target: str, **values) -> bool:
	"""Bring a Mass Email to `target` if its state allows it, with other fields; tell whether that happened.

	A problem that was shown is gone with the change unless a new one is given.
	"""
	values = {"problem": "", "modified": now_datetime(), "modified_by": frappe.session.user} | values
	assignments = ", ".join(f"`{field}` = %({field})s" for field in values)
	frappe.db.sql(
		f"UPDATE `tabMass Email` SET status = %(target)s, {assignments} WHERE name = %(name)s AND status IN %(origins)s",
		{**values, "target": target, "name": name, "origins": lifecycle.origins("Mass Email", target)},
	)
	moved = affected_rows() == 1
	frappe.clear_document_cache("Mass Email", name)
	if moved:
		_tell_desk(name)
	return moved


def note(name: str, problem: str) -> None:
	"""Show a sentence on the mailing's form without changing its status."""
	frappe.db.set_value("Mass Email", name, "problem", problem, update_modified=False)
	_tell_desk(name)


def problem(name: str) -> str:
	return frappe.db.get_value("Mass Email", name, "problem") or ""


def _tell_desk(name: str) -> None:
	frappe.publish_realtime(
		"mass_email_progress", {"name": name}, doctype="Mass Email", docname=name, after_commit=True
	)


def due() -> list[str]:
	"""Return the mailings whose time has come and whose campaign is not Inactive, the earliest first."""
	return frappe.db.sql(
		"""SELECT m.name FROM `tabMass Email` m JOIN `tabCampaign` c ON c.name = m.campaign
		WHERE m.status = 'Pending' AND m.start_date <= %s AND c.status != 'Inactive' ORDER BY m.start_date""",
		now_datetime(),
		pluck=True,
	)


def in_process(*, frozen: bool) -> list[str]:
	"""Return the mailings in process of campaigns that are not Inactive, the earliest first."""
	return frappe.db.sql(
		"""SELECT m.name FROM `tabMass Email` m JOIN `tabCampaign` c ON c.name = m.campaign
		WHERE m.status = 'In Process' AND m.frozen = %s AND c.status != 'Inactive' ORDER BY m.started_on""",
		int(frozen),
		pluck=True,
	)


def may_send(name: str) -> bool:
	"""Tell whether the mailing is in process and its campaign not Inactive at this moment."""
	return name in in_process(frozen=True)


def finish(name: str) -> bool:
	"""Complete the mailing if nothing is open any more; it has Failed where nothing at all could be sent."""
	counts = frappe.db.get_value("Mass Email", name, [f"{kind}_count" for kind in COUNTED], as_dict=True)
	if counts.sent_count or counts.uncertain_count:
		return move(name, "Complete", completed_on=now_datetime())
	problem = (
		_("Nobody on the target lists can be mailed.")
		if not counts.planned_count
		else _("Not one mail could be sent.")
	)
	return move(name, "Failed", completed_on=now_datetime(), problem=problem)


def add_to_counts(name: str, **deltas: int) -> None:
	"""Add to the counters of a mailing, in mails; cheap after every page, where counting anew is not."""
	frappe.db.sql(
		"UPDATE `tabMass Email` SET "
		+ ", ".join(f"{kind}_count = {kind}_count + {int(n)}" for kind, n in deltas.items())
		+ " WHERE name = %s",
		name,
	)
	_tell_desk(name)


def settings():
	return frappe.get_cached_doc("Email Campaign Settings")
