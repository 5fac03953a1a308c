"""The mails that ERPNext has sent, as rows of the ledger, so that its Email Campaigns go on from there.

A step that the ledger has a row of is done and is never sent again (see drip.plan_store). A step with a
Communication gets a Sent row for each of its recipients; a step whose day has passed without one is Skipped.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import (
	cint,
	get_datetime,
	get_system_timezone,
	getdate,
	now,
	nowdate,
)

from email_campaigns.audience.address import address_key
from email_campaigns.erpnext import match
from email_campaigns.erpnext.evidence_store import (
	DOCTYPE,
	done_steps,
	noted_steps,
	planned_step,
	sent_mails,
	steps_by_campaign,
)
from email_campaigns.erpnext.match import PlannedStep, SentMail
from email_campaigns.lifecycle import UNFINISHED_EMAIL_CAMPAIGN
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.schedule.drip import LOOK_NOW
from email_campaigns.text import _lt
from email_campaigns.tracking import log_store

GROUP, MEMBER = "Email Group", "Email Group Member"
PASSED = _lt(
	"Its day had passed when Email Campaigns was installed: ERPNext may have sent it,"
	" and nobody is mailed twice"
)
NO_RECIPIENT = _lt("ERPNext has sent it; its Communication does not say to whom")
NOTED = _lt("It was done before Email Campaigns was uninstalled, and nobody is mailed twice")
SLICE = 500
_COLUMNS = (
	*(
		"creation",
		"modified",
		"owner",
		"modified_by",
		"source_doctype",
		"source",
		"campaign",
		"step",
		"email",
	),
	*(
		"domain",
		"recipient_doctype",
		"recipient_name",
		"dedupe_key",
		"status",
		"reason",
		"sent_at",
		"sent_epoch",
	),
)


def number_steps() -> list[str]:
	"""Give each step without a number the next one of its campaign, in the order of the rows.

	Return the campaigns of these steps.
	"""
	steps = {"parenttype": "Campaign"}
	campaigns = frappe.get_all(
		"Campaign Email Schedule", {**steps, "step": 0}, pluck="parent", distinct=True, order_by="parent"
	)
	rows = frappe.get_all(
		"Campaign Email Schedule",
		{**steps, "parent": ("in", campaigns or [""])},
		["name", "parent", "step"],
		order_by="parent, idx",
	)
	last: dict[str, int] = defaultdict(int)
	for campaign in campaigns:
		last[campaign] = cint(frappe.db.get_value("Campaign", campaign, "last_step"))
	for row in rows:
		last[row.parent] = max(last[row.parent], cint(row.step))
	for row in rows:
		if not cint(row.step):
			last[row.parent] += 1
			frappe.db.set_value(
				"Campaign Email Schedule", row.name, "step", last[row.parent], update_modified=False
			)
	for campaign, number in last.items():
		frappe.db.set_value("Campaign", campaign, "last_step", number, update_modified=False)
	return campaigns


def adopt() -> None:
	"""Write what was sent into the ledger, slice by slice, and have all unfinished enrolments planned."""
	names = frappe.get_all(DOCTYPE, pluck="name", order_by="name")
	for start in range(0, len(names), SLICE):
		_adopt_slice(names[start : start + SLICE])
	frappe.db.sql(
		"UPDATE `tabEmail Campaign` SET next_epoch = %s WHERE status IN %s AND next_epoch = 0",
		(LOOK_NOW, UNFINISHED_EMAIL_CAMPAIGN),
	)


def _adopt_slice(names: list[str]) -> None:
	mails, steps, done = sent_mails(names), steps_by_campaign(), done_steps(names)
	noted = noted_steps(names)
	rows: list[tuple] = []
	for enrolment in frappe.get_all(DOCTYPE, {"name": ("in", names)}, ["*"]):
		undone = [step for step in steps[enrolment.campaign_name] if (enrolment.name, step.step) not in done]
		planned = [planned_step(enrolment, step) for step in undone]
		marked = [step.step for step in undone if (enrolment.name, step.row) in noted]
		rows += _rows(enrolment, planned, mails[enrolment.name], marked)
	_write(rows)
	_log_sent(names)


def _rows(
	enrolment, planned: list[PlannedStep], mails: dict[SentMail, list[tuple]], noted: list[int]
) -> list[tuple]:
	mail_by_step = match.match_mails(planned, mails)
	members = _members_by_address(enrolment) if mail_by_step else {}
	sent = [
		_sent_row(enrolment, number, members, *recipient)
		for number, mail in mail_by_step.items()
		for recipient in mails[mail]
	]
	reasons = dict.fromkeys(noted, NOTED)
	reasons |= dict.fromkeys(match.passed_steps(planned, mail_by_step, getdate(nowdate())), PASSED)
	reasons = {number: reason for number, reason in reasons.items() if number not in mail_by_step}
	reasons |= {number: NO_RECIPIENT for number, mail in mail_by_step.items() if not mails[mail]}
	return sent + [_skipped_row(enrolment, number, reason) for number, reason in reasons.items()]


def _members_by_address(enrolment) -> dict[str, str]:
	"""Return {key of an address: member} of the Email Group that was mailed; empty where it was one
	record."""
	if enrolment.email_campaign_for != GROUP:
		return {}
	rows = frappe.get_all(MEMBER, {"email_group": enrolment.recipient}, ["name", "email"])
	return {address_key((row.email or "").strip()): row.name for row in rows}


def _sent_row(enrolment, number: int, members: dict[str, str], email: str, moment: datetime) -> tuple:
	record = (enrolment.email_campaign_for, enrolment.recipient)
	if enrolment.email_campaign_for == GROUP:
		record = (MEMBER, members.get(address_key(email), ""))
	epoch = to_epoch(get_datetime(moment), get_system_timezone())
	return (
		*(*_row_head(enrolment, number), email, email.rpartition("@")[2], *record),
		*(f"a:{address_key(email)}", "Sent", "", moment, epoch),
	)


def _skipped_row(enrolment, number: int, reason: str) -> tuple:
	is_group = enrolment.email_campaign_for == GROUP
	record = ("", "") if is_group else (enrolment.email_campaign_for, enrolment.recipient)
	return (*_row_head(enrolment, number), "", "", *record, "s:passed", "Skipped", reason, None, 0)


def _row_head(enrolment, number: int) -> tuple:
	stamp, user = now(), enrolment.sender or enrolment.owner
	return (stamp, stamp, user, user, DOCTYPE, enrolment.name, enrolment.campaign_name, number)


def _write(rows: list[tuple]) -> None:
	"""Insert rows of _COLUMNS; one that the ledger has already is absorbed by its unique key."""
	places = f"(NEXTVAL(`campaign_message_id_seq`), {', '.join(['%s'] * len(_COLUMNS))}, '')"
	for start in range(0, len(rows), SLICE):
		part = rows[start : start + SLICE]
		frappe.db.sql(
			f"INSERT IGNORE INTO `tabCampaign Message` (name, {', '.join(_COLUMNS)}, claim) VALUES "
			+ ", ".join([places] * len(part)),
			[value for row in part for value in row],
		)


def _log_sent(names: list[str]) -> None:
	"""Log the mails that ERPNext has sent, at the time when it did, so that they are in each person's
	timeline."""
	unlogged = """m.source_doctype = 'Email Campaign' AND m.source IN %(names)s AND m.status = 'Sent'
		AND m.logged = 0"""
	log_store.append_from_mails(
		"`tabCampaign Message` m",
		unlogged,
		{"names": names, "details": _("Sent by ERPNext")},
		at="m.sent_at",
		action="'Sent'",
		details="%(details)s",
		user="m.owner",
	)
	frappe.db.sql(f"UPDATE `tabCampaign Message` m SET m.logged = 1 WHERE {unlogged}", {"names": names})
