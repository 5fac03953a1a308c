"""The streams of drip sequences: what a step's mails are, which may leave, and what holds them up."""

from __future__ import annotations

import time

import frappe
from frappe import _
from frappe.utils import cint, get_fullname

from email_campaigns.delivery import ledger_store
from email_campaigns.delivery.enrolment_store import DOCTYPE
from email_campaigns.delivery.mailing import CcField, Mailing, Stream
from email_campaigns.delivery.mailing_store import INFORMATIONAL, content, sender_account, sender_address
from email_campaigns.delivery.mailing_store import load as load_mailing

_PROBLEM = ["drip_problem", "drip_problem_step"]
HELD_SECONDS = 900  # after which mails that a problem held up are tried again


def load(stream: Stream) -> Mailing:
	"""Return a step as what is sent. Raises ValidationError where its template or its sender is of no use."""
	campaign = frappe.get_doc("Campaign", stream.campaign)
	template = next(
		(row.email_template for row in campaign.campaign_schedules if row.step == stream.step), ""
	)
	if not template:
		frappe.throw(_("The campaign {0} has no step {1} any more.").format(campaign.name, stream.step))
	subject, html = content(template)
	heeds_opt_out = campaign.campaign_type != INFORMATIONAL
	return Mailing(
		# What its tracked links are named after: the same for whoever sends the step.
		name=f"{campaign.name} / {stream.step}",
		title=template,
		campaign=campaign.name,
		subject=subject,
		html=html,
		sender_user=stream.sender,
		**_sender(stream.sender),
		heeds_opt_out=heeds_opt_out,
		excluding=tuple(row.target_list for row in campaign.excluding_target_lists),
		doctype=DOCTYPE,
		cc_fields=tuple(CcField.of(row.cc_field) for row in campaign.cc_fields),
		track_opens=heeds_opt_out and bool(cint(campaign.track_opens)),
		track_links=heeds_opt_out and bool(cint(campaign.track_links)),
		store_emails=True,
		stream=stream,
	)


def load_source(source_doctype: str, source: str, *stream) -> Mailing:
	"""Return what a mail of the ledger belongs to: its Mass Email, or the step that its (campaign, step, sender) name.
	Raises ValidationError."""
	return load(Stream(*stream)) if source_doctype == DOCTYPE else load_mailing(source)


def _sender(user: str) -> dict:
	"""By the user's own Email Account where there is one, else by the site's, and replies go to the user."""
	email = frappe.db.get_value("User", user, "email") or ""
	own = frappe.db.get_value("Email Account", {"email_id": email, "enable_outgoing": 1}) if email else None
	account = sender_account(own)
	name = get_fullname(user) if user not in ("Administrator", "Guest") else ""
	return {
		"account": account.name,
		"sender_address": sender_address(account),
		"sender_name": name or account.name,
		"reply_to": "" if own or "@" not in email or not name else email,
	}


def due_streams(epoch: int) -> list[Stream]:
	"""Return the streams of which mails may leave at `epoch` (Unix seconds), the longest due first."""
	rows = frappe.db.sql(
		f"""SELECT m.campaign, m.step, m.owner FROM `tabCampaign` c STRAIGHT_JOIN `tabCampaign Message` m
			ON m.campaign = c.name AND m.status = 'Queued' AND m.send_after <= %s
		WHERE c.status != 'Inactive' AND m.source_doctype = '{DOCTYPE}' AND m.claim = ''
		GROUP BY m.campaign, m.step, m.owner ORDER BY MIN(m.send_after), m.step""",
		epoch,
	)
	return [Stream(*row) for row in rows]


def may_send(campaign: str) -> bool:
	"""Tell whether a campaign exists and is not Inactive at this moment."""
	return bool(frappe.db.exists("Campaign", {"name": campaign, "status": ("!=", "Inactive")}))


def note(stream: Stream, problem: str, step: int = 0) -> bool:
	"""Show the sentence for which nothing leaves on the forms of a campaign, or take away with "" what held this step
	up; tell whether that changed anything. `step` says whose problem it is, 0 that it is of no step."""
	shown, of = frappe.db.get_value("Campaign", stream.campaign, _PROBLEM) or ("", 0)
	if (shown or "") == problem or (not problem and of not in (0, stream.step)):
		return False
	tell(stream.campaign, problem, step)
	return True


def tell(campaign: str, problem: str, step: int = 0) -> None:
	"""Show on the forms of a campaign why its steps can't be planned, or why one of them can't be sent."""
	values = dict(zip(_PROBLEM, (problem, step), strict=True))
	frappe.db.set_value("Campaign", campaign, values, update_modified=False)


def hold(stream: Stream, problem: str) -> None:
	"""Show a problem, and let the mails of a stream wait for HELD_SECONDS before they are tried again."""
	note(stream, _("Step {0}: {1}").format(stream.step, problem), stream.step)
	queue = ledger_store.of_stream(stream)
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET send_after = %(until)s
		WHERE {queue.condition} AND status = 'Queued' AND claim = '' AND send_after <= %(now)s""",
		{**queue.values, "now": int(time.time()), "until": int(time.time()) + HELD_SECONDS},
	)
