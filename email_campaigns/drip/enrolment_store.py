"""Enrolments in a drip sequence (Email Campaign): who may be enrolled, their dates and their status.

Rules, field names and messages are those of ERPNext (erpnext/crm/doctype/email_campaign), whose data is taken
over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

import frappe
from frappe import _
from frappe.utils import getdate

from email_campaigns import lifecycle
from email_campaigns.audience import sources_store
from email_campaigns.audience.decide import TYPE_MISSING
from email_campaigns.audience.lists import members_store
from email_campaigns.compat import affected_rows
from email_campaigns.delivery.compose import shown_store
from email_campaigns.delivery.ledger.ends_store import RELEASE, end_queued
from email_campaigns.drip.schedule_store import campaign_steps
from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.record_rights_store import doctypes_of
from email_campaigns.schedule import drip
from email_campaigns.schedule.drip import LOOK_NOW
from email_campaigns.site_time import site_now
from email_campaigns.text import _lt

# Groups, whose members are mailed one by one. {doctype: (doctype of its members, their link to it)}
GROUPS = {
	"Email Group": ("Email Group Member", "email_group"),
	"Target List": ("Target List Member", "target_list"),
}
REMOVED = _lt("The step was taken out of the schedule")
MERGED = _lt("The recipient is in this sequence already")
UNFINISHED = lifecycle.UNFINISHED_EMAIL_CAMPAIGN
_CHECKED_FIELDS = ("campaign_name", "email_campaign_for", "recipient", "start_date", "sender")
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
	"""Check a document Email Campaign and set its end date, its status and when it is due. Raises
	ValidationError."""
	before = doc.get_doc_before_save()
	if before and before.status not in UNFINISHED:
		doc.status = before.status
		return
	_check_dates(doc)
	if not before or any(
		str(before.get(field) or "") != str(doc.get(field) or "") for field in _CHECKED_FIELDS
	):
		_check_recipient(doc)
		_check_sender(doc)
		_refuse_second(doc)
	doc.status = drip.status_on(site_now().date(), getdate(doc.start_date), getdate(doc.end_date))
	doc.next_epoch = LOOK_NOW


def _check_dates(doc) -> None:
	if doc.is_new() and getdate(doc.start_date) < site_now().date():
		frappe.throw(_("Start Date cannot be before the current date"))
	steps = campaign_steps(frappe.get_doc("Campaign", doc.campaign_name))
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
	elif not members_store.read_address(doc.email_campaign_for, doc.recipient)["email"]:
		frappe.throw(
			_("Please set an email id for the {0} {1}").format(_(doc.email_campaign_for), doc.recipient)
		)


def _check_sender(doc) -> None:
	"""Let only a manager choose another sender, for a mail leaves in their name and with their rights."""
	user = frappe.session.user
	if doc.sender in (user, None, "") or MANAGERS & set(frappe.get_roles(user)):
		return
	frappe.throw(_("Only a Campaign Manager may send in another person's name."))


def first_recipient(doc) -> tuple[str, str]:
	"""Return (doctype, record) of the recipient of a document Email Campaign, or of the first member of its
	group whose record the user may read.

	Raises PermissionError where the user may not read the recipient, ValidationError where the group has no
	member whom they may read.
	"""
	if doc.email_campaign_for not in GROUPS:
		frappe.get_doc(doc.email_campaign_for, doc.recipient).check_permission("read")
		return doc.email_campaign_for, doc.recipient
	member, field = GROUPS[doc.email_campaign_for]
	members = frappe.get_all(
		member, {field: doc.recipient}, pluck="name", order_by="name", limit=shown_store.LOOKED_AT
	)
	if not members:
		frappe.throw(_("{0} {1} has no members.").format(_(doc.email_campaign_for), doc.recipient))
	return shown_store.first_shown_member(member, members, frappe.session.user)


def _refuse_second(doc) -> None:
	# The lock lasts until the end of the transaction, so that of two that are saved at once the second sees
	# the first.
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
	"""Make the unfinished enrolments of a document Campaign follow its schedule, where that has changed.

	They end with the last step and are planned again; mails of removed steps that are still queued are
	skipped.
	"""
	before, steps = campaign.get_doc_before_save(), campaign_steps(campaign)
	if not before or campaign_steps(before) != steps:
		follow_steps(campaign)


def follow_steps(campaign) -> None:
	"""Make the unfinished enrolments of a document Campaign follow its steps, as `follow_schedule`."""
	steps = campaign_steps(campaign)
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET end_date = DATE_ADD(start_date, INTERVAL %s DAY), next_epoch = %s
		WHERE campaign_name = %s AND status IN %s""",
		(max((step.days for step in steps), default=0), LOOK_NOW, campaign.name, UNFINISHED),
	)
	numbers = tuple(step.number for step in steps) or (0,)
	_skip_queued(
		"c.campaign = %(campaign)s AND c.step NOT IN %(steps)s",
		REMOVED,
		campaign=campaign.name,
		steps=numbers,
	)


def _skip_queued(condition: str, reason: str, **values: object) -> None:
	"""Skip queued mails of sequences; a job that has claimed them finds its claim gone."""
	condition = f"c.source_doctype = '{EMAIL_CAMPAIGN}' AND {condition}"
	end_queued(condition, values, "Skipped", reason, RELEASE)


def end_enrolment(name: str, status: str, reason: str) -> bool:
	"""End an enrolment with a status, if its present one allows it, and skip its queued mails.

	`reason` is shown on the form and on each skipped mail. Returns whether the enrolment has ended by this
	call.
	"""
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET status = %s, ended_because = %s, next_epoch = 0
		WHERE name = %s AND status IN %s""",
		(status, reason, name, lifecycle.origins(EMAIL_CAMPAIGN, status)),
	)
	ended = affected_rows() == 1
	if ended:
		end_open_mails(name, reason)
		publish_enrolment(name)
	return ended


def resume_enrolment(name: str) -> None:
	"""Give an Unsubscribed enrolment the status that it has by its dates; any other stays as it is."""
	row = frappe.db.get_value(EMAIL_CAMPAIGN, name, ["status", "start_date", "end_date"], as_dict=True)
	status = drip.status_on(site_now().date(), getdate(row.start_date), getdate(row.end_date))
	if row.status != "Unsubscribed" or not lifecycle.may_change(EMAIL_CAMPAIGN, row.status, status):
		return
	values = {"status": status, "ended_because": "", "next_epoch": LOOK_NOW}
	frappe.db.set_value(EMAIL_CAMPAIGN, name, values, update_modified=False)
	publish_enrolment(name)


def end_open_mails(name: str, reason: str, email: str = "") -> None:
	"""Skip the queued mails of an enrolment, all or those to one address."""
	_skip_queued(
		"c.source = %(name)s AND (%(email)s = '' OR c.email = %(email)s)", reason, name=name, email=email
	)


def publish_enrolment(name: str) -> None:
	"""Let open lists and forms show an enrolment as it is now, once the transaction is committed."""
	frappe.clear_document_cache(EMAIL_CAMPAIGN, name)
	frappe.publish_realtime(
		"list_update", {"doctype": EMAIL_CAMPAIGN, "name": name}, doctype=EMAIL_CAMPAIGN, after_commit=True
	)


def end_duplicates(names: Collection[str]) -> set[str]:
	"""End the later of several unfinished enrolments of one recipient in one campaign; return those that
	ended.

	They come from merging two records. Only enrolments among `names` are ended.
	"""
	ended = frappe.db.sql(
		"""SELECT DISTINCT e.name FROM `tabEmail Campaign` e JOIN `tabEmail Campaign` o
			ON o.recipient = e.recipient AND o.campaign_name = e.campaign_name
			AND o.email_campaign_for = e.email_campaign_for
			AND o.status IN %(open)s AND (o.creation, o.name) < (e.creation, e.name)
		WHERE e.name IN %(names)s AND e.status IN %(open)s""",
		{"names": tuple(names), "open": UNFINISHED},
		pluck=True,
	)
	return {name for name in ended if end_enrolment(name, "Cancelled", MERGED)}


def advance_statuses(today: date, most: int) -> int:
	"""Bring up to `most` enrolments to In Progress, and as many to Completed, by their dates.

	`today` is a date of the site's clock. Returns how many changed. The rule is ERPNext's, but an enrolment
	is not Completed while a mail of it is still queued. Enrolments and mails are read without locking them;
	only the rows that change are locked.
	"""
	started = frappe.db.sql(
		"SELECT name FROM `tabEmail Campaign` WHERE status = 'Scheduled' AND start_date <= %s LIMIT %s",
		(today, most),
		pluck=True,
	)
	ended = frappe.db.sql(
		"""SELECT e.name FROM `tabEmail Campaign` e
		WHERE e.status = 'In Progress' AND e.end_date < %s AND e.next_epoch = 0
			AND NOT EXISTS (SELECT 1 FROM `tabCampaign Message` m
				WHERE m.source = e.name AND m.status IN ('Queued', 'Sending')) LIMIT %s""",
		(today, most),
		pluck=True,
	)
	return _advance(started, "Scheduled", "In Progress") + _advance(ended, "In Progress", "Completed")


def _advance(names: Collection[str], status: str, target: str) -> int:
	if not names:
		return 0
	due = "" if target == "In Progress" else " AND next_epoch = 0"
	frappe.db.sql(
		f"UPDATE `tabEmail Campaign` SET status = %s WHERE name IN %s AND status = %s{due}",
		(target, tuple(names), status),
	)
	return affected_rows()


def plan_unplanned(since: datetime | None, most: int) -> int:
	"""Have up to `most` unfinished enrolments planned that a process with ERPNext's code has saved.

	They have nothing due, although the ledger lacks one of their steps. `since` limits the search to those
	saved since a time of the site's clock. Returns how many there were. They are read without a lock.
	"""
	names = frappe.db.sql(
		f"""SELECT e.name FROM `tabEmail Campaign` e
		WHERE e.status IN %(open)s AND e.next_epoch = 0 {"AND e.modified >= %(since)s" if since else ""}
			AND EXISTS (SELECT 1 FROM `tabCampaign Email Schedule` s
				WHERE s.parent = e.campaign_name AND s.parenttype = 'Campaign' AND s.step > 0
					AND NOT EXISTS (SELECT 1 FROM `tabCampaign Message` m
						WHERE m.source = e.name AND m.step = s.step))
		LIMIT %(most)s""",
		{"open": UNFINISHED, "since": since, "most": most},
		pluck=True,
	)
	if names:
		frappe.db.sql(
			"""UPDATE `tabEmail Campaign` SET next_epoch = %s
			WHERE name IN %s AND status IN %s AND next_epoch = 0""",
			(LOOK_NOW, tuple(names), UNFINISHED),
		)
	return len(names)


def end_without_type(most: int) -> int:
	"""End up to `most` enrolments of records whose doctype is no longer on the site; return how many.

	Their rows and mails say so.
	"""
	gone = [doctype for doctype in doctypes_of(EMAIL_CAMPAIGN) if not frappe.db.exists("DocType", doctype)]
	names = frappe.get_all(
		EMAIL_CAMPAIGN,
		{"email_campaign_for": ("in", gone or [""]), "status": ("in", UNFINISHED)},
		pluck="name",
		limit=most,
	)
	return sum(end_enrolment(name, "Cancelled", TYPE_MISSING) for name in names)


def check_merge(campaign: str, target: str) -> None:
	"""Refuse to merge a campaign with enrolments into `target`: their steps have other numbers there.

	Raises ValidationError.
	"""
	names = frappe.get_all(EMAIL_CAMPAIGN, {"campaign_name": campaign}, pluck="name", limit=1)
	if names:
		frappe.throw(
			_(
				"{0} can't be merged into {1}: its enrolments, such as {2}, would go on with steps that are"
				" not theirs. Set it to Inactive instead."
			).format(frappe.bold(campaign), frappe.bold(target), names[0])
		)
