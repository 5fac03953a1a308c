"""Steps of the tests with ERPNext on their own site. Each is a process: SITE STEP ARGUMENTS ANSWER."""

from __future__ import annotations

import sys
from datetime import datetime, timezone

import frappe
from frappe.utils import add_days, nowdate
from frappe.utils.background_jobs import get_queue

from email_campaigns import install
from email_campaigns.api.desk import approval, results
from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.email_campaigns.report.campaign_results import campaign_results
from email_campaigns.erpnext import jobs_store, owner_store
from email_campaigns.jobs import drip, sending
from email_campaigns.tests.site.erpnext import erpnext_read
from email_campaigns.tests.site.erpnext.erpnext_make import (
	address,
	an_account,
	deal,
	enrol,
	link,
	linked,
	make,
	name_by,
)
from email_campaigns.tests.site.erpnext.erpnext_read import JOBS, statuses
from email_campaigns.tests.site.kits.builders import a_user
from email_campaigns.tests.site.kits.drips import clock
from email_campaigns.tests.site.kits.other_site import do_steps
from email_campaigns.tests.site.kits.queue import QUEUES, empty_queues, work_off

SERIES = "Naming Series"


def seed(port: int) -> dict:
	"""Fill the site as one that has worked with ERPNext for some days; returns {short name: record}."""
	an_account(port)
	for letter in "ABC":
		make(
			"Email Template",
			name=letter,
			subject=f"Subject {letter}",
			use_html=1,
			response_html=f"<p>{letter}</p>",
		)
	leads = {
		who: make("Lead", first_name=who, lead_name=who, email_id=address(who))
		for who in ("ann", "bob", "cy", "dee", "eve")
	}
	steps = [
		{"email_template": letter, "send_after_days": days} for letter, days in (("A", 0), ("B", 3), ("C", 7))
	]
	name_by("Campaign Name")
	spring = make("Campaign", campaign_name="Spring", campaign_schedules=steps, description="Flowers")
	name_by(SERIES)
	twice = [in_series("Twice") for _ in range(2)]
	frappe.db.set_value("Lead", leads["ann"], link("Lead"), linked(spring))
	make("Email Group", title="Friends")
	for who in ("fay", "gus", "hal"):
		make("Email Group Member", email_group="Friends", email=address(who))
	contact = make("Contact", first_name="ida", email_ids=[{"email_id": address("ida"), "is_primary": 1}])
	enrolments = {
		"under_way": enrol(spring, "Lead", leads["ann"]),
		"group": enrol(spring, "Email Group", "Friends"),
		"untold": enrol(spring, "Lead", leads["bob"]),
		"left": enrol(spring, "Lead", leads["cy"]),
		"over": enrol(spring, "Lead", leads["dee"]),
		"ahead": enrol(spring, "Contact", contact, start=2),
	}
	_let_erpnext_send(enrolments)
	return {**enrolments, **leads, "spring": spring, "twice": twice, "contact": contact}


def in_series(title: str) -> str:
	"""Make a campaign that is named by the series, without ERPNext 16's UTM Campaign.

	ERPNext takes the title for the campaign's name, and refuses to save the UTM Campaign.
	"""
	doc = frappe.get_doc({"doctype": "Campaign", "campaign_name": title, "naming_series": "SAL-CAM-.YYYY.-"})
	doc.set_new_name()
	doc.db_insert()
	return doc.name


def _let_erpnext_send(enrolments: dict) -> None:
	"""Run its job of the first day, and three days later that of today: A and B are sent, C is due in four
	days."""
	erpnexts_jobs()
	_let_pass(3)
	erpnexts_jobs()
	# Of this one all trace is lost; its last step is due today, and ERPNext's scheduler has stood still.
	_move(enrolments["untold"], 4)
	frappe.db.delete("Communication", {"reference_name": enrolments["untold"]})
	_move(enrolments["over"], 30)
	wish = {
		"email": address("cy"),
		"reference_doctype": "Email Campaign",
		"reference_name": enrolments["left"],
	}
	make("Email Unsubscribe", **wish)
	frappe.get_attr(JOBS.replace("%", "set_email_campaign_status"))()
	frappe.db.delete("Email Queue")
	empty_queues()


def erpnexts_jobs() -> None:
	for job in ("send_email_to_leads_or_contacts", "set_email_campaign_status"):
		frappe.get_attr(JOBS.replace("%", job))()


def _let_pass(days: int) -> None:
	for name in frappe.get_all("Email Campaign", {"status": "In Progress"}, pluck="name"):
		_move(name, days)


def _move(enrolment: str, days: int) -> None:
	"""Move an enrolment and all that followed from it so many days into the past."""
	frappe.db.sql(
		"""UPDATE `tabEmail Campaign` SET start_date = DATE_SUB(start_date, INTERVAL %(days)s DAY),
		end_date = DATE_SUB(end_date, INTERVAL %(days)s DAY) WHERE name = %(name)s""",
		{"days": days, "name": enrolment},
	)
	frappe.db.sql(
		"""UPDATE tabCommunication SET communication_date = DATE_SUB(communication_date, INTERVAL %s DAY)
		WHERE reference_name = %s""",
		(days, enrolment),
	)


def noon() -> None:
	"""Put the site into a time zone where it is about noon, so that no day ends while a test runs."""
	ahead = 12 - datetime.now(timezone.utc).hour
	frappe.db.set_single_value("System Settings", "time_zone", f"Etc/GMT{-ahead:+d}")


def save_all() -> None:
	"""Open and save every campaign and enrolment, as a user does who changes nothing."""
	for doctype in ("Campaign", "Email Campaign"):
		for name in frappe.get_all(doctype, pluck="name"):
			frappe.get_doc(doctype, name).save()
			frappe.db.commit()


def taken_again() -> dict:
	"""Put ERPNext's definitions and jobs in force, as when it is installed after this app; return what
	follows."""
	owner_store.put_erpnexts_in_force()
	jobs_store.start()
	before = {"given": erpnext_read.owners(), "running": erpnext_read.jobs()}
	install.after_app_install("erpnext")
	return {**before, "owners": erpnext_read.owners(), "jobs": erpnext_read.jobs()}


def send(port: int, day: int = 0) -> None:
	"""Let the scheduler and the workers do all that there is to do at noon, so many days from today."""
	an_account(port)
	frappe.db.commit()
	drip.plan(clock(day))
	work_off()


def new_names() -> list[str]:
	"""Make a campaign by each rule of ERPNext's, and one with a name that is taken by the series."""
	name_by("Campaign Name")
	campaigns = [make("Campaign", campaign_name="Autumn")]
	name_by(SERIES)
	return campaigns + [make("Campaign", campaign_name="Twice") for _ in range(2)]


def unsubscribe(enrolment: str, who: str) -> str:
	wish = {"reference_doctype": "Email Campaign", "reference_name": enrolment}
	make("Email Unsubscribe", email=address(who), **wish)
	return frappe.db.get_value("Email Campaign", enrolment, "status")


def resave_links(lead: str, campaign: str) -> str:
	"""A lead that links to a campaign is saved, and renaming the campaign renames the link."""
	frappe.get_doc("Lead", lead).save()
	frappe.rename_doc("Campaign", campaign, "Summer")
	linked_campaign = frappe.db.get_value("Lead", lead, link("Lead"))
	frappe.rename_doc("Campaign", "Summer", campaign)
	return linked_campaign


def mirrored() -> dict:
	"""Mirror campaigns as ERPNext 16 does: make one, change it, rename it; return its UTM Campaigns."""
	field = {"fieldname": "crm_campaign", "fieldtype": "Link", "options": "Campaign", "label": "Campaign"}
	if not frappe.db.exists("DocType", "UTM Campaign"):
		text = {"fieldname": "campaign_description", "fieldtype": "Small Text", "label": "Description"}
		values = {
			"module": "Core",
			"custom": 1,
			"autoname": "prompt",
			"allow_rename": 1,
			"fields": [text, field],
		}
		frappe.get_doc({"doctype": "DocType", "name": "UTM Campaign", **values}).insert()
	elif not frappe.get_meta("UTM Campaign").has_field("crm_campaign"):
		make("Custom Field", dt="UTM Campaign", **field)
	doc = frappe.get_doc({"doctype": "Campaign", "campaign_name": "Winter", "description": "Snow"}).insert()
	utm_campaigns = {"new": _utm()}
	doc.description = "Ice"
	doc.save()
	utm_campaigns["changed"] = _utm()
	name_by("Campaign Name")
	frappe.rename_doc("Campaign", make("Campaign", campaign_name="Storm"), "Gale")
	return {**utm_campaigns, "renamed": _utm("Storm", "Gale"), "name": doc.name}


def _utm(*names: str) -> list:
	return frappe.get_all(
		"UTM Campaign",
		fields=["name", "campaign_description", "crm_campaign"],
		filters={"name": ("in", names or ["Winter"])},
		as_list=True,
	)


def work_on(spring: str, lead: str, other: str) -> dict:
	"""Do what ERPNext knows nothing of: kinds and statuses of ours, rules of a step, an Inactive campaign."""
	make("Target List", title="Ours")
	members_store.add_addresses("Ours", [NewMember(1, address("jo"), "Jo")])
	step = {"email_template": "C", "send_after_days": 9, "send_if": "Only if not opened", "send_time": "7:30"}
	name_by("Campaign Name")
	quiet = make("Campaign", campaign_name="Quiet", campaign_schedules=[step])
	enrolments = {
		"ours": enrol(spring, "Target List", "Ours", start=1),
		"replied": enrol(quiet, "Lead", lead, start=1),
		"replied_long_ago": enrol(quiet, "Lead", other, start=1),
		"user": enrol(spring, "User", "Administrator", start=1),
	}
	frappe.db.set_value(
		"Email Campaign", enrolments["replied"], {"status": "Replied", "ended_because": "Replied"}
	)
	past = {"status": "Cancelled", "ended_because": "No use"}
	past |= {"start_date": add_days(nowdate(), -10), "end_date": add_days(nowdate(), -1)}
	frappe.db.set_value("Email Campaign", enrolments["replied_long_ago"], past)
	halted = make(
		"Campaign", campaign_name="Halted", campaign_schedules=[{"email_template": "A", "send_after_days": 1}]
	)
	enrolments["halted"] = enrol(halted, "Lead", lead, start=1)
	frappe.db.set_value("Campaign", halted, "status", "Inactive")
	return {**enrolments, "quiet": quiet}


def enrol_group_and_leave(spring: str) -> str:
	"""Enrol a group and let one of its members leave; for the others it goes on."""
	make("Email Group", title="Others")
	for who in ("kim", "lou"):
		make("Email Group Member", email_group="Others", email=address(who))
	enrolment = enrol(spring, "Email Group", "Others", start=1)
	assert unsubscribe(enrolment, "kim") == "Scheduled"
	return enrolment


def revenue(spring: str) -> dict:
	"""Win deals of a campaign in each way; return the revenue as an administrator and a campaign user see
	it."""
	deal("Sales Order", spring, base_net_total=100)
	deal("Sales Order", spring, base_net_total=7, docstatus=0)
	deal("Sales Order", base_net_total=1000)
	won = deal("Opportunity", spring, docstatus=0, status="Converted", base_opportunity_amount=40)
	order = deal("Sales Order", base_net_total=25)
	deal(
		"Sales Order Item",
		parent=order,
		parenttype="Sales Order",
		prevdoc_docname=deal("Quotation", opportunity=won),
	)
	deal("Opportunity", spring, docstatus=0, status="Converted", base_opportunity_amount=3)
	deal("Opportunity", spring, docstatus=0, status="Open", base_opportunity_amount=500)
	revenue_of_all = results.campaign(spring)["revenue"]
	columns = [column["fieldname"] for column in campaign_results.execute()[0]]
	clerk = a_user("clerk", "Campaign User")
	frappe.set_user(clerk)
	return {"all": revenue_of_all, "columns": columns, "clerk": results.campaign(spring)["revenue"]}


def erpnext_again(lead: str) -> dict:
	"""Work with ERPNext's own forms and jobs on the next day; return the new records and the addresses
	mailed."""
	_let_pass(1)
	name_by("Campaign Name")
	step = {"email_template": "A", "send_after_days": 0}
	campaign = make("Campaign", campaign_name="After", campaign_schedules=[step])
	enrolment = enrol(campaign, "Lead", lead)
	frappe.db.delete("Email Queue")
	before = set(frappe.get_all("Communication", pluck="name"))
	erpnexts_jobs()
	mails = frappe.get_all(
		"Communication", {"name": ("not in", before)}, ["reference_name", "recipients"], as_list=True
	)
	return {"campaign": campaign, "enrolment": enrolment, "sent": sorted(mails), "statuses": statuses()}


def start_jobs_and_tick() -> dict[str, int]:
	"""Start ERPNext's jobs as a script does, and let the next tick come; return which are stopped."""
	frappe.db.set_value("Scheduled Job Type", {"method": ("like", JOBS)}, "stopped", 0)
	frappe.db.commit()
	drip.tick()
	return erpnext_read.jobs()


def seed_later(port: int) -> dict:
	"""Enrol a lead, and start to mail a list with it; return their names."""
	an_account(port)
	lead = make("Lead", first_name="mia", lead_name="mia", email_id=address("mia"))
	template = make("Email Template", name="D", subject="D", use_html=1, response_html="<p>D</p>")
	steps = [{"email_template": template, "send_after_days": 5}]
	campaign = make("Campaign", campaign_name="Later", campaign_schedules=steps)
	target_list = make("Target List", title="Mixed")
	members_store.add_addresses(target_list, [NewMember(2, address("ned"), "Ned")])
	members_store.add_records(target_list, sources_store.source("Lead"), [lead])
	values = {"campaign": campaign, "email_template": template, "sender_account": "News"}
	lists = [{"target_list": target_list}]
	mailing = make("Mass Email", title="Mixed", target_lists=lists, **values)
	return {"enrolment": enrol(campaign, "Lead", lead, start=1), "mailing": mailing, "port": port}


def seed_again(port: int) -> dict:
	"""Let ERPNext send the first step of a campaign to a lead and a group; return their enrolments."""
	an_account(port)
	name_by("Campaign Name")
	leads = [make("Lead", first_name=who, lead_name=who, email_id=address(who)) for who in ("pam", "sue")]
	make("Email Group", title="Again")
	for who in ("quin", "ray"):
		make("Email Group Member", email_group="Again", email=address(who))
	html = "<p>Dear {{ doc.title }}</p>"
	make("Email Template", name="F", subject="To {{ doc.name }}", use_html=1, response_html=html)
	steps = [
		{"email_template": letter, "send_after_days": days} for letter, days in (("A", 0), ("F", 3), ("C", 9))
	]
	campaign = make("Campaign", campaign_name="Again", campaign_schedules=steps)
	enrolments = {
		"lead": enrol(campaign, "Lead", leads[0]),
		"group": enrol(campaign, "Email Group", "Again"),
		"bcc": enrol(make("Campaign", campaign_name="Bcc", campaign_schedules=steps), "Lead", leads[1]),
	}
	erpnexts_jobs()
	frappe.db.sql(
		"UPDATE tabCommunication SET bcc = recipients, recipients = NULL WHERE reference_name = %s",
		enrolments["bcc"],
	)
	frappe.db.delete("Email Queue")
	empty_queues()
	return {**enrolments, "campaign": campaign}


def do_and_edit(port: int, campaign: str, **enrolments: str) -> None:
	"""Send our first step, then edit the schedule: what was sent has other days, and another template."""
	_edit(campaign, send_after_days=(0, 0, 9))
	send(port)
	_edit(campaign, send_after_days=(6, 7, 9), email_template=("B", "F", "C"))


def _edit(campaign: str, **columns: tuple) -> None:
	doc = frappe.get_doc("Campaign", campaign)
	for field, values in columns.items():
		for row, value in zip(doc.campaign_schedules, values, strict=True):
			row.set(field, value)
	doc.save()
	frappe.db.commit()


def without_erpnext(enrolment: str, mailing: str, port: int) -> dict:
	"""Return what has become of what `seed_later` made, with the mailing started now."""
	an_account(port)
	frappe.get_single("Email Campaign Settings").save()
	for queue in QUEUES:
		get_queue(queue).empty()  # ids without a job, from before ERPNext went
	approval.submit(mailing)
	frappe.db.commit()
	sending.tick()
	work_off()
	mails = frappe.get_all("Campaign Message", {"source": mailing}, ["status", "reason"], order_by="status")
	return {
		"enrolment": frappe.db.get_value("Email Campaign", enrolment, ["status", "ended_because"]),
		"sources": [row[0] for row in erpnext_read.sources()],
		"default": frappe.db.get_default("email_campaigns_stopped_jobs"),
		"mails": [[row.status, row.reason or ""] for row in mails],
		"status": frappe.db.get_value("Mass Email", mailing, "status"),
	}


if __name__ == "__main__":
	do_steps(lambda name: getattr(erpnext_read, name, globals().get(name)), *sys.argv[1:])
