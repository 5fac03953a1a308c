"""The streams of drip sequences, each the mails of one step: which may leave, and the problem that holds one
up."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.delivery.ledger.row import mails_of_stream
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.delivery.mailing.mailing_store import CAMPAIGN_SENDS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.site_time import database_epoch

_PROBLEM_FIELDS = ["drip_problem", "drip_problem_step"]
HELD_SECONDS = 900  # mails that a problem holds up are tried again after them


def due_streams(epoch: int) -> list[Stream]:
	"""Return the streams with mails that may leave at `epoch` (Unix seconds), the longest due first."""
	rows = frappe.db.sql(
		f"""SELECT m.campaign, m.step, m.owner FROM `tabCampaign` c STRAIGHT_JOIN `tabCampaign Message` m
			ON m.campaign = c.name AND m.status = 'Queued' AND m.send_after <= %s
		WHERE {CAMPAIGN_SENDS} AND m.source_doctype = '{EMAIL_CAMPAIGN}' AND m.claim = ''
		GROUP BY m.campaign, m.step, m.owner ORDER BY MIN(m.send_after), m.step""",
		epoch,
	)
	return [Stream(*row) for row in rows]


def may_send(campaign: str) -> bool:
	"""Tell whether a campaign exists and is not Inactive at this moment."""
	return bool(
		frappe.db.sql(f"SELECT 1 FROM `tabCampaign` c WHERE c.name = %s AND {CAMPAIGN_SENDS}", campaign)
	)


def update_problem(stream: Stream, problem: str, step: int = 0) -> bool:
	"""Show on the form of a stream's campaign why nothing leaves, or remove with "" what this step has shown.

	`step` is the step that has the problem, 0 for the campaign as a whole. Returns whether the form changed.
	"""
	shown, shown_step = frappe.db.get_value("Campaign", stream.campaign, _PROBLEM_FIELDS) or ("", 0)
	if (shown or "") == problem or (not problem and shown_step not in (0, stream.step)):
		return False
	show_problem(stream.campaign, problem, step)
	return True


def shown_problem(campaign: str) -> str:
	"""Return the sentence that the form of a campaign shows, "" where there is none."""
	return frappe.db.get_value("Campaign", campaign, "drip_problem") or ""


def show_problem(campaign: str, problem: str, step: int = 0) -> None:
	"""Show on the form of a campaign why its steps can't be planned, or why one of them can't be sent."""
	values = dict(zip(_PROBLEM_FIELDS, (problem, step), strict=True))
	frappe.db.set_value("Campaign", campaign, values, update_modified=False)


def hold_stream(stream: Stream, problem: str) -> None:
	"""Show the problem of a stream, and let its mails wait for HELD_SECONDS before they are tried again."""
	update_problem(stream, _("Step {0}: {1}").format(stream.step, problem), stream.step)
	queue = mails_of_stream(stream)
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET send_after = %(until)s
		WHERE {queue.condition} AND status = 'Queued' AND claim = '' AND send_after <= %(now)s""",
		{**queue.values, "now": database_epoch(), "until": database_epoch() + HELD_SECONDS},
	)
