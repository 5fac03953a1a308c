"""The figures of the steps of drip sequences: of one enrolment, and of a whole campaign."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cint, getdate

from email_campaigns.delivery.ledger import twins_store
from email_campaigns.delivery.ledger.twins import WAITS
from email_campaigns.drip import enrolment_store, plan_store, schedule_store
from email_campaigns.drip.enrolment_store import GROUPS
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.schedule import drip
from email_campaigns.site_time import database_epoch, site_time

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
	"""Return the figures of each step of a campaign's schedule, in the order of its days.

	Each is {"step", "template", "days"} with the number of mails of each of KINDS. The one grouped statement
	takes a time that grows with the mails of the campaign.
	"""
	counted = _count_by_step("m.campaign = %(name)s AND m.source_doctype = %(doctype)s", {"name": name})
	steps = schedule_store.campaign_steps(frappe.get_doc("Campaign", name))
	return [
		{
			"step": step.number,
			"template": step.template,
			"days": step.days,
			**counted.get(step.number, _zeros()),
		}
		for step in steps
	]


def _count_by_step(condition: str, values: dict) -> dict[int, dict]:
	rows = frappe.db.sql(
		f"""SELECT m.step, {_SUMS} FROM `tabCampaign Message` m
		WHERE {condition} AND m.cc_of = 0 GROUP BY m.step""",
		{**values, "doctype": EMAIL_CAMPAIGN},
		as_dict=True,
	)
	return {row.pop("step"): dict(row) for row in rows}


def _zeros() -> dict:
	return dict.fromkeys(KINDS, 0)


def enrolment_steps(doc) -> list[dict]:
	"""Return the steps of a document Email Campaign, in the order of their days.

	Each is {"step", "template", "days", "condition", "due" (the site's clock), "status", "reason"}, for a
	person with {"at", "opened", "clicked", "replied"} (times of the site's clock), for a group with the mails
	of each of KINDS.
	"""
	rules, _excluding = plan_store.campaign_rules(doc.campaign_name, database_epoch())
	states = _group_states(doc) if doc.email_campaign_for in GROUPS else _person_states(doc)
	return [
		{
			"step": step.number,
			"template": step.template,
			"days": step.days,
			"condition": step.send_if,
			"due": str(site_time(drip.due(step, getdate(doc.start_date), rules.clocks))),
			**(states.get(step.number) or _unplanned_state(doc)),
		}
		for step in rules.steps
	]


def _person_states(doc) -> dict[int, dict]:
	rows = frappe.db.sql(
		f"""SELECT step, status, IF({twins_store.waiting()}, %s, COALESCE(reason, '')) reason, sent_at at,
			opened_at opened, clicked_at clicked, replied_at replied
		FROM `tabCampaign Message` WHERE source = %s AND source_doctype = %s AND cc_of = 0""",
		(WAITS, doc.name, EMAIL_CAMPAIGN),
		as_dict=True,
	)
	return {row.pop("step"): dict(row) for row in rows}


def _group_states(doc) -> dict[int, dict]:
	counted = _count_by_step("m.source = %(name)s AND m.source_doctype = %(doctype)s", {"name": doc.name})
	return {
		step: {"status": _group_status(numbers), "reason": "", **numbers} for step, numbers in counted.items()
	}


def _group_status(numbers: dict) -> str:
	"""Return the status of a step for a group as a whole."""
	if cint(numbers["waiting"]):
		return "Queued"
	return "Sent" if cint(numbers["sent"]) else "Failed" if cint(numbers["failed"]) else "Skipped"


def _unplanned_state(doc) -> dict:
	"""Return the state of a step without a row: it is still to come, or the sequence has ended."""
	ended = doc.status not in enrolment_store.UNFINISHED
	return {
		"status": "Skipped" if ended else "",
		"reason": _("The sequence has ended: {0}").format(_(doc.status)) if ended else "",
	}
