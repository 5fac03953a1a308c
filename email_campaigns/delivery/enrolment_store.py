"""Enrolments in a drip sequence (Email Campaign): who may be enrolled, their dates and their status.

Rules, field names and messages are ERPNext's (erpnext/crm/doctype/email_campaign), whose data carries over.
"""

from __future__ import annotations

from datetime import datetime

import frappe
from frappe import _
from frappe.utils import cint, get_time, getdate, nowdate

from email_campaigns.audience import sources_store
from email_campaigns.audience import store as audience
from email_campaigns.schedule import drip
from email_campaigns.schedule.clock import UnknownZone, to_epoch
from email_campaigns.schedule.drip import Step

DOCTYPE = "Email Campaign"
# Recipients that stand for many; every member is mailed for itself. {doctype: (doctype of members, link field)}
GROUPS = {
	"Email Group": ("Email Group Member", "email_group"),
	"Target List": ("Target List Member", "target_list"),
}
UNFINISHED = ("Scheduled", "In Progress")
DECIDING = ("campaign_name", "email_campaign_for", "recipient", "start_date")
LOOK_NOW = 1  # Unix seconds long past: the planner looks at the enrolment at its next round


def steps_of(campaign) -> list[Step]:
	"""Return the steps of a Campaign document in the order of their days."""
	return sorted(map(_step, campaign.campaign_schedules), key=lambda step: (step.days, step.number))


def _step(row) -> Step:
	return Step(
		number=cint(row.step) or cint(row.idx),
		days=cint(row.send_after_days),
		template=row.email_template,
		at=get_time(row.send_time) if row.send_time not in (None, "") else None,
		zone=row.time_zone or "",
		send_if=row.send_if or "",
	)


def kinds() -> list[str]:
	"""Return the doctypes whose records can be enrolled: the recipient sources, and groups of recipients."""
	members = {member for member, _field in GROUPS.values()}
	return [doctype for doctype in sources_store.sources() if doctype not in members] + list(GROUPS)


def check(doc) -> None:
	"""Check an Email Campaign and set what follows from its campaign. Raises ValidationError with a sentence."""
	before = doc.get_doc_before_save()
	if before and before.status not in UNFINISHED:
		doc.status = before.status
		return
	_check_dates(doc)
	if not before or any(str(before.get(field) or "") != str(doc.get(field) or "") for field in DECIDING):
		_check_recipient(doc)
		_refuse_second(doc)
	doc.status = drip.status_on(getdate(nowdate()), getdate(doc.start_date), getdate(doc.end_date))
	doc.next_epoch = LOOK_NOW


def _check_dates(doc) -> None:
	if doc.is_new() and getdate(doc.start_date) < getdate(nowdate()):
		frappe.throw(_("Start Date cannot be before the current date"))
	steps = steps_of(frappe.get_doc("Campaign", doc.campaign_name))
	if not steps:
		frappe.throw(_("Please set up the Campaign Schedule in the Campaign {0}").format(doc.campaign_name))
	doc.end_date = drip.end_date(getdate(doc.start_date), steps)


def _check_recipient(doc) -> None:
	if doc.email_campaign_for not in kinds():
		sources_store.source(doc.email_campaign_for)
	frappe.has_permission(doc.email_campaign_for, "read", doc=doc.recipient, throw=True)
	if doc.email_campaign_for in GROUPS:
		member, field = GROUPS[doc.email_campaign_for]
		if not frappe.db.exists(member, {field: doc.recipient}):
			frappe.throw(_("{0} {1} has no members.").format(_(doc.email_campaign_for), doc.recipient))
	elif not audience.address_of(doc.email_campaign_for, doc.recipient)["email"]:
		frappe.throw(
			_("Please set an email id for the {0} {1}").format(_(doc.email_campaign_for), doc.recipient)
		)


def _refuse_second(doc) -> None:
	# Held until the end of the transaction, so that of two that are saved at once the second sees the first.
	frappe.db.get_value("Campaign", doc.campaign_name, "name", for_update=True)
	same = ("campaign_name", "email_campaign_for", "recipient")
	filters = {field: doc.get(field) for field in same}
	if frappe.db.exists(DOCTYPE, {**filters, "status": ("in", UNFINISHED), "name": ("!=", doc.name or "")}):
		frappe.throw(
			_("The Campaign '{0}' already exists for the {1} '{2}'").format(
				*(doc.get(field) for field in same)
			)
		)


def check_schedule(campaign) -> None:
	"""Check the steps of a Campaign document and give each new one a number of its own, which is never used again."""
	for row in campaign.campaign_schedules:
		if cint(row.send_after_days) < 0:
			frappe.throw(_("Row {0}: a step can't be sent before the start date.").format(row.idx))
		if row.time_zone and row.time_zone != drip.RECIPIENTS:
			_check_zone(row)
	taken = {0}
	for row in campaign.campaign_schedules:
		if cint(row.step) in taken:
			campaign.last_step = cint(campaign.last_step) + 1
			row.step = campaign.last_step
		taken.add(row.step)


def _check_zone(row) -> None:
	try:
		to_epoch(datetime(2000, 1, 1), row.time_zone)
	except UnknownZone as error:
		frappe.throw(_("Row {0}: {1}").format(row.idx, error))


def follow_schedule(campaign) -> None:
	"""Let the enrolments that are not finished end with the last step, and be looked at anew."""
	days = max((step.days for step in steps_of(campaign)), default=0)
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET end_date = DATE_ADD(start_date, INTERVAL %s DAY), next_epoch = %s
		WHERE campaign_name = %s AND status IN %s""",
		(days, LOOK_NOW, campaign.name, UNFINISHED),
	)
