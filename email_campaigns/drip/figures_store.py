"""What came of the steps of drip sequences: of one enrolment, and of a whole campaign."""

from __future__ import annotations

import time

import frappe
from frappe import _
from frappe.utils import cint, get_system_timezone, getdate

from email_campaigns.drip import enrolment_store, plan_store, schedule_store
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.schedule import drip
from email_campaigns.schedule.clock import in_zone
from email_campaigns.schedule.drip import DripStep

KINDS = {
	"sent": "m.status = 'Sent'",
	"opened": "m.opened_at IS NOT NULL",
	"clicked": "m.clicked_at IS NOT NULL",
	"replied": "m.replied_at IS NOT NULL",
	"bounced": "m.bounced_at IS NOT NULL",
	"unsubscribed": "m.opted_out_at IS NOT NULL",
	"skipped": "m.status = 'Skipped'",
	"waiting": "m.status IN ('Queued', 'Sending')",
	"failed": "m.status IN ('Failed', 'Uncertain')",
}
_SUMS = ", ".join(f"CAST(SUM({condition}) AS SIGNED) `{kind}`" for kind, condition in KINDS.items())


def campaign_figures(name: str) -> list[dict]:
	"""Return the figures of each step of a campaign's schedule, in mails, in the order of its days: {"step", "template",
	"days"} and a number for each of KINDS. One grouped statement, whose time grows with the mails of the campaign."""
	counted = _counted("m.campaign = %(name)s AND m.source_doctype = %(doctype)s", {"name": name})
	steps = schedule_store.steps_of(frappe.get_doc("Campaign", name))
	return [
		{
			"step": step.number,
			"template": step.template,
			"days": step.days,
			**counted.get(step.number, _nothing()),
		}
		for step in steps
	]


def _counted(condition: str, values: dict) -> dict[int, dict]:
	rows = frappe.db.sql(
		f"""SELECT m.step, {_SUMS} FROM `tabCampaign Message` m WHERE {condition} AND m.cc_of = 0 GROUP BY m.step""",
		{**values, "doctype": EMAIL_CAMPAIGN},
		as_dict=True,
	)
	return {row.pop("step"): dict(row) for row in rows}


def _nothing() -> dict:
	return dict.fromkeys(KINDS, 0)


def enrolment_steps(doc) -> list[dict]:
	"""Return the steps of an Email Campaign in the order of their days: {"step", "template", "days", "due" (the site's
	clock), "status", "reason", "at", "opened", "clicked", "replied"}, for a group with a number for each of KINDS."""
	rules, _excluding = plan_store.campaign_rules(doc.campaign_name, int(time.time()))
	told = _of_group(doc) if doc.email_campaign_for in GROUPS else _of_person(doc)
	return [
		{
			"step": step.number,
			"template": step.template,
			"days": step.days,
			"condition": step.send_if,
			"due": _clock(drip.due(step, getdate(doc.start_date), rules.clocks)),
			**(told.get(step.number) or _untold(doc, step)),
		}
		for step in rules.steps
	]


def _of_person(doc) -> dict[int, dict]:
	rows = frappe.db.sql(
		"""SELECT step, status, COALESCE(reason, '') reason, sent_at at, opened_at opened, clicked_at clicked,
			replied_at replied
		FROM `tabCampaign Message` WHERE source = %s AND source_doctype = %s AND cc_of = 0""",
		(doc.name, EMAIL_CAMPAIGN),
		as_dict=True,
	)
	return {row.pop("step"): dict(row) for row in rows}


def _of_group(doc) -> dict[int, dict]:
	counted = _counted("m.source = %(name)s AND m.source_doctype = %(doctype)s", {"name": doc.name})
	return {step: {"status": _state(numbers), "reason": "", **numbers} for step, numbers in counted.items()}


def _state(numbers: dict) -> str:
	"""What a step of a group is as a whole."""
	if cint(numbers["waiting"]):
		return "Queued"
	return "Sent" if cint(numbers["sent"]) else "Failed" if cint(numbers["failed"]) else "Skipped"


def _untold(doc, step: DripStep) -> dict:
	"""A step without a row has still to come, or does not any more: the status says why."""
	ended = doc.status not in enrolment_store.UNFINISHED
	return {
		"status": "Skipped" if ended else "",
		"reason": _("The sequence has ended: {0}").format(_(doc.status)) if ended else "",
	}


def _clock(epoch: int) -> str:
	return str(in_zone(epoch, get_system_timezone()))
