"""Enrolments in a drip sequence (Email Campaign): who may be enrolled, their dates and their status.

Rules, field names and messages are ERPNext's (erpnext/crm/doctype/email_campaign), whose data carries over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import frappe
from frappe import _
from frappe.utils import getdate, nowdate

from email_campaigns import lifecycle
from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.compat import affected_rows
from email_campaigns.drip.schedule_store import steps_of
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.schedule import drip
from email_campaigns.schedule.drip import LOOK_NOW

# Recipients that stand for many; every member is mailed for itself. {doctype: (doctype of members, link field)}
GROUPS = {
	"Email Group": ("Email Group Member", "email_group"),
	"Target List": ("Target List Member", "target_list"),
}
REMOVED = "The step was taken out of the schedule"
MERGED = "The recipient is in this sequence already"
UNFINISHED = lifecycle.UNFINISHED_EMAIL_CAMPAIGN
DECIDING = ("campaign_name", "email_campaign_for", "recipient", "start_date", "sender")
MANAGERS = {"Campaign Manager", "System Manager"}


def enrollable_doctypes() -> list[str]:
	"""Return the doctypes whose records can be enrolled: the recipient sources, and groups of recipients."""
	known = sources_store.sources()
	members = {member for member, _field in GROUPS.values()}
	groups = [
		group
		for group, (member, _field) in GROUPS.items()
		if member == sources_store.PLAIN or member in known
	]
	return [doctype for doctype in known if doctype not in members] + groups


def check_enrolment(doc) -> None:
	"""Check an Email Campaign and set what follows from its campaign. Raises ValidationError with a sentence."""
	before = doc.get_doc_before_save()
	if before and before.status not in UNFINISHED:
		doc.status = before.status
		return
	_check_dates(doc)
	if not before or any(str(before.get(field) or "") != str(doc.get(field) or "") for field in DECIDING):
		_check_recipient(doc)
		_check_sender(doc)
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
	if doc.email_campaign_for not in enrollable_doctypes():
		sources_store.source(doc.email_campaign_for)
	frappe.get_doc(doc.email_campaign_for, doc.recipient).check_permission("read")
	if doc.email_campaign_for in GROUPS:
		member, field = GROUPS[doc.email_campaign_for]
		if not frappe.db.exists(member, {field: doc.recipient}):
			frappe.throw(_("{0} {1} has no members.").format(_(doc.email_campaign_for), doc.recipient))
	elif not audience.read_address(doc.email_campaign_for, doc.recipient)["email"]:
		frappe.throw(
			_("Please set an email id for the {0} {1}").format(_(doc.email_campaign_for), doc.recipient)
		)


def _check_sender(doc) -> None:
	"""A mail shows what its sender may read: only a manager may choose somebody else."""
	user = frappe.session.user
	if doc.sender in (user, None, "") or MANAGERS & set(frappe.get_roles(user)):
		return
	frappe.throw(_("Only a Campaign Manager may send in another person's name."))


def first_recipient(doc) -> tuple[str, str]:
	"""Return (doctype, record) of the recipient of an enrolment, or of the first member of its group."""
	if doc.email_campaign_for not in GROUPS:
		return doc.email_campaign_for, doc.recipient
	member, field = GROUPS[doc.email_campaign_for]
	found = frappe.get_all(member, {field: doc.recipient}, ["name"], order_by="name", limit=1)
	if not found:
		frappe.throw(_("{0} {1} has no members.").format(_(doc.email_campaign_for), doc.recipient))
	own = ("member_doctype", "member_name") if member == sources_store.PLAIN else ()
	record = frappe.db.get_value(member, found[0].name, own) if own else None
	return tuple(record) if record and record[0] else (member, str(found[0].name))


def _refuse_second(doc) -> None:
	# Held until the end of the transaction, so that of two that are saved at once the second sees the first.
	frappe.db.get_value("Campaign", doc.campaign_name, "name", for_update=True)
	same = ("campaign_name", "email_campaign_for", "recipient")
	filters = {field: doc.get(field) for field in same}
	if frappe.db.exists(
		EMAIL_CAMPAIGN, {**filters, "status": ("in", UNFINISHED), "name": ("!=", doc.name or "")}
	):
		frappe.throw(
			_("The Campaign '{0}' already exists for the {1} '{2}'").format(
				*(doc.get(field) for field in same)
			)
		)


def follow_schedule(campaign) -> None:
	"""Where the schedule has changed, let the enrolments that are not finished end with the last step, and be looked at
	anew."""
	before, steps = campaign.get_doc_before_save(), steps_of(campaign)
	if before and steps_of(before) == steps:
		return
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET end_date = DATE_ADD(start_date, INTERVAL %s DAY), next_epoch = %s
		WHERE campaign_name = %s AND status IN %s""",
		(max((step.days for step in steps), default=0), LOOK_NOW, campaign.name, UNFINISHED),
	)
	numbers = tuple(step.number for step in steps) or (0,)
	_skip_queued(
		"campaign = %(campaign)s AND step NOT IN %(steps)s", REMOVED, campaign=campaign.name, steps=numbers
	)


def _skip_queued(condition: str, why: str, **values) -> None:
	"""Skip mails of sequences that have not left; a page that has claimed them finds them gone."""
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET status = 'Skipped', reason = %(why)s, claim = '', lease_until = 0
		WHERE {condition} AND source_doctype = 'Email Campaign' AND status = 'Queued'""",
		{"why": why, **values},
	)


def end_enrolment(name: str, status: str, why: str) -> bool:
	"""Bring an enrolment to an end if its state allows it, and what has not left with it; tell whether that happened."""
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET status = %s, ended_because = %s, next_epoch = 0
		WHERE name = %s AND status IN %s""",
		(status, why, name, lifecycle.origins(EMAIL_CAMPAIGN, status)),
	)
	ended = affected_rows() == 1
	if ended:
		end_open_mails(name, why)
		publish_enrolment(name)
	return ended


def end_open_mails(name: str, why: str, email: str = "") -> None:
	"""Skip the mails of an enrolment that have not left, or those to one address."""
	_skip_queued("source = %(name)s AND (%(email)s = '' OR email = %(email)s)", why, name=name, email=email)


def publish_enrolment(name: str) -> None:
	frappe.clear_document_cache(EMAIL_CAMPAIGN, name)
	frappe.publish_realtime(
		"list_update", {"doctype": EMAIL_CAMPAIGN, "name": name}, doctype=EMAIL_CAMPAIGN, after_commit=True
	)


def end_duplicates(names: Collection[str]) -> set[str]:
	"""Of several unfinished enrolments of one recipient, as merging two records makes them, let the first go on; return
	those of `names` that have ended."""
	ended = frappe.db.sql(
		"""SELECT DISTINCT e.name FROM `tabEmail Campaign` e JOIN `tabEmail Campaign` o ON o.recipient = e.recipient
			AND o.campaign_name = e.campaign_name AND o.email_campaign_for = e.email_campaign_for
			AND o.status IN %(open)s AND (o.creation, o.name) < (e.creation, e.name)
		WHERE e.name IN %(names)s AND e.status IN %(open)s""",
		{"names": tuple(names), "open": UNFINISHED},
		pluck=True,
	)
	return {name for name in ended if end_enrolment(name, "Cancelled", MERGED)}


def advance_statuses(today: date) -> None:
	"""Bring enrolments to In Progress and Completed by their dates, on the site's clock: by ERPNext's rule, but none is
	Completed while a mail of it has still to leave."""
	frappe.db.sql(
		"UPDATE `tabEmail Campaign` SET status = 'In Progress' WHERE status = 'Scheduled' AND start_date <= %s",
		today,
	)
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` e SET e.status = 'Completed', e.next_epoch = 0
		WHERE e.status = 'In Progress' AND e.end_date < %s AND e.next_epoch = 0
			AND NOT EXISTS (SELECT 1 FROM `tabCampaign Message` m WHERE m.source = e.name AND m.status IN ('Queued', 'Sending'))""",
		today,
	)
