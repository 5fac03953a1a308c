"""What a site knows of the steps of ERPNext's Email Campaigns: its schedules, its Communications, its ledger,
and Comments on enrolments.

An uninstallation drops the ledger. Steps that are done although no Communication or day shows it, because the
schedule was edited, are noted in Comments then, which the next installation reads.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress

import frappe
from frappe.utils import add_days, getdate, nowdate, parse_addr, split_emails

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.erpnext import match
from email_campaigns.erpnext.match import PlannedStep, SentMail

DOCTYPE = "Email Campaign"
NOTE = "email_campaigns step "  # the subject of such a Comment, before the name of the row of the schedule


def planned_step(enrolment, step) -> PlannedStep:
	"""Return a step of a schedule as a document Email Campaign gets it from ERPNext."""
	day = add_days(getdate(enrolment.start_date), step.days)
	return PlannedStep(step.step, day, step.email_template, step.subject)


def done_steps(names: list[str], *, open_too: bool = True) -> set[tuple[str, int]]:
	"""Return the (enrolment, step) that the ledger has rows of already; `open_too` counts mails still to
	leave."""
	condition = "" if open_too else " AND status != 'Queued'"
	return set(
		frappe.db.sql(
			f"""SELECT DISTINCT source, step FROM `tabCampaign Message`
			WHERE source_doctype = %s AND source IN %s{condition}""",
			(DOCTYPE, names),
		)
	)


def steps_by_campaign() -> dict[str, list]:
	"""Return {campaign: rows (row, idx, step, days, email_template, subject) of its schedule}."""
	steps: dict[str, list] = defaultdict(list)
	for row in frappe.db.sql(
		"""SELECT s.parent, s.name `row`, s.idx, s.step, s.send_after_days days, s.email_template,
			COALESCE(t.subject, '') subject
		FROM `tabCampaign Email Schedule` s LEFT JOIN `tabEmail Template` t ON t.name = s.email_template
		WHERE s.parenttype = 'Campaign'""",
		as_dict=True,
	):
		steps[row.parent].append(row)
	return steps


def sent_mails(names: list[str]) -> dict[str, dict[SentMail, list[tuple]]]:
	"""Return {enrolment: {mail: [(address, time of the site's clock)]}} from the Communications of
	enrolments.

	Communications of one template and day are one mail to several people.
	"""
	mails: dict[str, dict[SentMail, list[tuple]]] = defaultdict(lambda: defaultdict(list))
	# Some versions of ERPNext name the recipients in Bcc alone.
	fields = ["reference_name", "communication_date", "creation", "email_template", "subject", "recipients"]
	fields.append("bcc")
	filters = {
		"reference_doctype": DOCTYPE,
		"reference_name": ("in", names),
		"sent_or_received": "Sent",
		"communication_type": ("in", ("Communication", "Automated Message")),
	}
	for row in frappe.get_all("Communication", filters, fields, order_by="creation"):
		moment, template = row.communication_date or row.creation, row.email_template or ""
		mail = SentMail(getdate(moment), template, "" if template else row.subject or "")
		mails[row.reference_name][mail] += [
			(email, moment) for email in _addresses(row.recipients or row.bcc)
		]
	return mails


def _addresses(recipients: str | None) -> list[str]:
	addresses = []
	for text in split_emails(recipients or ""):
		with suppress(InvalidAddress):  # no mail has reached it
			addresses.append(normalise(parse_addr(text)[1]))
	return addresses


def noted_steps(names: list[str]) -> set[tuple[str, str]]:
	"""Return the (enrolment, row of a schedule) that Comments on the enrolments say are done."""
	rows = frappe.get_all(
		"Comment",
		{
			"reference_doctype": DOCTYPE,
			"reference_name": ("in", names),
			"comment_type": "Info",
			"subject": ("like", f"{NOTE}%"),
		},
		["reference_name", "subject"],
	)
	return {(row.reference_name, row.subject.removeprefix(NOTE)) for row in rows}


def unknown_steps(names: list[str]) -> list[tuple[str, frappe._dict]]:
	"""Return (enrolment, step) of those that the ledger has done and an installation would not know as done.

	A step is a row (row, idx, step, days, email_template, subject) of its campaign's schedule.
	"""
	mails, steps, done = sent_mails(names), steps_by_campaign(), done_steps(names, open_too=False)
	noted = noted_steps(names)
	unknown = []
	for enrolment in frappe.get_all(DOCTYPE, {"name": ("in", names)}, ["*"]):
		planned = [planned_step(enrolment, step) for step in steps[enrolment.campaign_name]]
		matched = match.match_mails(planned, mails[enrolment.name])
		known = {*matched, *match.passed_steps(planned, matched, getdate(nowdate()))}
		unknown += [
			(enrolment.name, step)
			for step in steps[enrolment.campaign_name]
			if (enrolment.name, step.step) in done
			and step.step not in known
			and (enrolment.name, step.row) not in noted
		]
	return unknown
