"""What the tests beside ERPNext do and read on their own site. Each step is a process: SITE STEP ARGUMENTS ANSWER."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

import frappe
from frappe.utils import add_days, cint, nowdate

from email_campaigns import install
from email_campaigns.audience import store as audience
from email_campaigns.audience.members import NewMember
from email_campaigns.jobs import drips
from email_campaigns.tests.site.drips import clock
from email_campaigns.tests.site.kit import empty_queues, work_off

DOCTYPES = ("Campaign", "Campaign Email Schedule", "Email Campaign")
JOBS = "erpnext.crm.doctype.email_campaign.email_campaign.%"
DOMAIN = "erpnext.example"
SERIES = "Naming Series"


def address(name: str) -> str:
	return f"{name}@{DOMAIN}"


def make(doctype: str, **values) -> str:
	return frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True).name


def an_account(port: int) -> None:
	values = {"smtp_server": "127.0.0.1", "smtp_port": port, "enable_outgoing": 1, "default_outgoing": 1}
	values |= {"no_smtp_authentication": 1, "email_id": address("news"), "email_account_name": "News"}
	if not frappe.db.exists("Email Account", "News"):
		doc = frappe.new_doc("Email Account").update(values)
		doc.flags.ignore_validate = True
		doc.insert()
	frappe.db.set_value("Email Account", "News", values)


def name_by(rule: str) -> None:
	"""As the CRM Settings of ERPNext do it."""
	frappe.db.set_default("campaign_naming_by", rule)


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
	twice = [make("Campaign", campaign_name="Twice", naming_series="SAL-CAM-.YYYY.-") for _ in range(2)]
	frappe.db.set_value("Lead", leads["ann"], _link("Lead"), _linked(spring))
	make("Email Group", title="Friends")
	for who in ("fay", "gus", "hal"):
		make("Email Group Member", email_group="Friends", email=address(who))
	contact = make("Contact", first_name="ida", email_ids=[{"email_id": address("ida"), "is_primary": 1}])
	found = {
		"under_way": enrol(spring, "Lead", leads["ann"]),
		"group": enrol(spring, "Email Group", "Friends"),
		"untold": enrol(spring, "Lead", leads["bob"]),
		"left": enrol(spring, "Lead", leads["cy"]),
		"over": enrol(spring, "Lead", leads["dee"]),
		"ahead": enrol(spring, "Contact", contact, start=2),
	}
	_let_erpnext_send(found)
	return {**found, **leads, "spring": spring, "twice": twice, "contact": contact}


def _link(doctype: str) -> str:
	"""ERPNext 16 links to the UTM Campaign of a campaign, 15 to the campaign."""
	for field in ("utm_campaign", "campaign_name", "campaign"):
		if frappe.get_meta(doctype).has_field(field):
			return field
	raise AssertionError(doctype)


def _linked(campaign: str) -> str:
	return frappe.db.get_value("Campaign", campaign, "campaign_name")


def enrol(campaign: str, kind: str, recipient: str, start: int = 0, **values) -> str:
	values = {"campaign_name": campaign, "email_campaign_for": kind, "recipient": recipient, **values}
	return make("Email Campaign", sender="Administrator", start_date=add_days(nowdate(), start), **values)


def _let_erpnext_send(found: dict) -> None:
	"""Its job of the first day, and three days later that of today: A and B have left, C is due in four days."""
	erpnexts_jobs()
	_let_pass(3)
	erpnexts_jobs()
	# Of this one all trace is lost; its last step is due today, and ERPNext's scheduler has stood still.
	_move(found["untold"], 4)
	frappe.db.delete("Communication", {"reference_name": found["untold"]})
	_move(found["over"], 30)
	wish = {"email": address("cy"), "reference_doctype": "Email Campaign", "reference_name": found["left"]}
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
	"""Let an enrolment and all that came of it have been so many days earlier."""
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


def tables() -> dict[str, dict]:
	"""Return {table: {row: {column: value}}} of all that must outlive this app's stay, in ERPNext's own columns."""
	return {doctype: _rows(doctype) for doctype in (*DOCTYPES, "Lead", "Communication", "Email Unsubscribe")}


def _rows(doctype: str) -> dict[str, dict]:
	columns = _columns(doctype)
	rows = frappe.db.sql(f"SELECT {', '.join(columns)} FROM `tab{doctype}`", as_dict=True)
	return {row.name: {column: str(value) for column, value in row.items()} for row in rows}


def _columns(doctype: str) -> list[str]:
	if doctype not in DOCTYPES:
		return [f"`{column}`" for column in frappe.db.get_table_columns(doctype)]
	file = Path(
		frappe.get_app_path(
			"erpnext", "crm", "doctype", frappe.scrub(doctype), f"{frappe.scrub(doctype)}.json"
		)
	)
	kept = [
		field["fieldname"]
		for field in json.loads(file.read_text())["fields"]
		if "Break" not in field["fieldtype"] and field["fieldtype"] != "Table"
	]
	child = ["parent", "parenttype", "parentfield"] if doctype == "Campaign Email Schedule" else []
	return [
		f"`{column}`"
		for column in (
			"name",
			"creation",
			"modified",
			"owner",
			"modified_by",
			"docstatus",
			"idx",
			*child,
			*kept,
		)
	]


def columns() -> dict[str, list[str]]:
	"""Return {doctype: the columns that its table has}."""
	return {
		doctype: sorted(
			frappe.db.sql(
				"SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s",
				f"tab{doctype}",
				pluck=True,
			)
		)
		for doctype in DOCTYPES
	}


def owners() -> dict[str, str]:
	return {doctype: frappe.db.get_value("DocType", doctype, "module") for doctype in DOCTYPES}


def jobs() -> dict[str, int]:
	rows = frappe.get_all("Scheduled Job Type", {"method": ("like", JOBS)}, ["method", "stopped"])
	return {row.method.rpartition(".")[2]: cint(row.stopped) for row in rows}


def permissions() -> dict[str, list]:
	"""Return {doctype: [role, right, …] of each rule that holds}."""
	rights = ("read", "write", "create", "delete", "export", "share", "print", "email", "report")
	return {
		doctype: sorted(
			[rule.role, *(right for right in rights if rule.get(right))]
			for rule in frappe.get_meta(doctype).permissions
		)
		for doctype in DOCTYPES
	}


def state() -> dict:
	"""Return what a change of owners is compared by."""
	return {
		"tables": tables(),
		"columns": columns(),
		"owners": owners(),
		"jobs": jobs(),
		"permissions": permissions(),
		"series": series(),
	}


def series() -> dict[str, int]:
	return dict(
		frappe.db.sql(
			"SELECT name, current FROM tabSeries WHERE name LIKE 'MAIL-CAMP-%' OR name LIKE 'SAL-CAM-%'"
		)
	)


def noon() -> None:
	"""Let the site lie where it is about noon, so that no day ends while a test runs."""
	ahead = 12 - datetime.now(timezone.utc).hour
	frappe.db.set_single_value("System Settings", "time_zone", f"Etc/GMT{-ahead:+d}")


def refusals() -> list[str]:
	"""Return what is said where another app owns the names, and where a Custom Field is in the place of ours."""
	found = []
	for doctype, name, field, value in (
		("Module Def", "CRM", "app_name", "other_crm"),
		("DocType", "Campaign", "custom", 1),
	):
		before = frappe.db.get_value(doctype, name, field)
		frappe.db.set_value(doctype, name, field, value)
		found.append(_refusal())
		frappe.db.set_value(doctype, name, field, before)
	field = {"dt": "Email Campaign", "fieldname": "plan_step", "fieldtype": "Data"}
	doc = frappe.new_doc("Custom Field").update(field)
	doc.name = "Email Campaign-plan_step"
	doc.db_insert()
	found.append(_refusal())
	frappe.db.delete("Custom Field", doc.name)
	return found


def _refusal() -> str:
	try:
		install.before_install()
	except frappe.ValidationError as error:
		return str(error)
	return ""


def ledger() -> list[list]:
	"""Return [enrolment, step, address, status, reason] of all drip mails."""
	return frappe.db.sql(
		"""SELECT source, step, email, status, COALESCE(reason, ''), recipient_doctype, recipient_name
		FROM `tabCampaign Message` WHERE source_doctype = 'Email Campaign' ORDER BY source, step, email"""
	)


def logged() -> list[list]:
	return frappe.db.sql(
		"SELECT source, email, DATE(creation) FROM `tabCampaign Log` WHERE action = 'Sent' ORDER BY source, email, creation"
	)


def steps(campaign: str) -> list:
	fields = ["email_template", "send_after_days", "step"]
	return [
		list(row.values())
		for row in frappe.get_all("Campaign Email Schedule", {"parent": campaign}, fields, order_by="idx")
	]


def statuses() -> dict[str, str]:
	return dict(frappe.get_all("Email Campaign", fields=["name", "status"], as_list=True))


def sources() -> list[list]:
	rows = frappe.get_single("Email Campaign Settings").recipient_sources
	return [[row.get(field) or "" for field in install.SOURCE_FIELDS[:5]] for row in rows]


def save_all() -> None:
	"""Open and save every campaign and enrolment, as a user does who changes nothing."""
	for doctype in ("Campaign", "Email Campaign"):
		for name in frappe.get_all(doctype, pluck="name"):
			frappe.get_doc(doctype, name).save()
			frappe.db.commit()


def send(port: int, day: int = 0) -> None:
	"""Let the scheduler and the workers do all that there is to do at noon, so many days from today."""
	an_account(port)
	frappe.db.commit()
	drips.plan(clock(day))
	work_off()


def new_names() -> list[str]:
	"""Make a campaign by each rule of ERPNext's, and one with a name that is taken by the series."""
	name_by("Campaign Name")
	found = [make("Campaign", campaign_name="Autumn")]
	name_by(SERIES)
	return found + [make("Campaign", campaign_name="Twice") for _ in range(2)]


def unsubscribe(enrolment: str, who: str) -> str:
	wish = {"reference_doctype": "Email Campaign", "reference_name": enrolment}
	make("Email Unsubscribe", email=address(who), **wish)
	return frappe.db.get_value("Email Campaign", enrolment, "status")


def resave_links(lead: str, campaign: str) -> str:
	"""A lead that links to a campaign is saved, and renaming the campaign renames the link."""
	frappe.get_doc("Lead", lead).save()
	frappe.rename_doc("Campaign", campaign, "Summer")
	found = frappe.db.get_value("Lead", lead, _link("Lead"))
	frappe.rename_doc("Campaign", "Summer", campaign)
	return found


def mirrored() -> dict:
	"""Let the site mirror campaigns as ERPNext 16 has it, make one, change it, rename it; return its UTM Campaigns."""
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
	found = {"new": _utm()}
	doc.description = "Ice"
	doc.save()
	found["changed"] = _utm()
	return {**found, "name": doc.name}


def _utm() -> list:
	return frappe.get_all(
		"UTM Campaign",
		fields=["name", "campaign_description", "crm_campaign"],
		filters={"name": "Winter"},
		as_list=True,
	)


def work_on(spring: str, lead: str, other: str) -> dict:
	"""Do what ERPNext knows nothing of: kinds and statuses of ours, rules of a step, an Inactive campaign."""
	make("Target List", title="Ours")
	audience.add_plain("Ours", [NewMember(1, address("jo"), "Jo")])
	step = {"email_template": "C", "send_after_days": 9, "send_if": "Only if not opened", "send_time": "7:30"}
	name_by("Campaign Name")
	quiet = make("Campaign", campaign_name="Quiet", campaign_schedules=[step])
	found = {
		"ours": enrol(spring, "Target List", "Ours", start=1),
		"replied": enrol(quiet, "Lead", lead, start=1),
		"replied_long_ago": enrol(quiet, "Lead", other, start=1),
		"user": enrol(spring, "User", "Administrator", start=1),
	}
	frappe.db.set_value("Email Campaign", found["replied"], {"status": "Replied", "ended_because": "Replied"})
	past = {"status": "Cancelled", "ended_because": "No use"}
	past |= {"start_date": add_days(nowdate(), -10), "end_date": add_days(nowdate(), -1)}
	frappe.db.set_value("Email Campaign", found["replied_long_ago"], past)
	halted = make(
		"Campaign", campaign_name="Halted", campaign_schedules=[{"email_template": "A", "send_after_days": 1}]
	)
	found["halted"] = enrol(halted, "Lead", lead, start=1)
	frappe.db.set_value("Campaign", halted, "status", "Inactive")
	return {**found, "quiet": quiet}


def enrol_group_and_leave(spring: str) -> str:
	"""Enrol a group and let one of its members leave; for the others it goes on."""
	make("Email Group", title="Others")
	for who in ("kim", "lou"):
		make("Email Group Member", email_group="Others", email=address(who))
	found = enrol(spring, "Email Group", "Others", start=1)
	assert unsubscribe(found, "kim") == "Scheduled"
	return found


def comments() -> dict[str, str]:
	rows = frappe.get_all(
		"Comment",
		{"comment_type": "Info", "reference_doctype": ("in", DOCTYPES)},
		["reference_name", "content"],
	)
	return {row.reference_name: row.content for row in rows}


def leftovers() -> dict:
	"""Return what an uninstallation should have taken with it."""
	like = {"name": ("like", "%email_campaigns%")}
	return {
		"doctypes": frappe.get_all("DocType", {"module": "Email Campaigns"}, pluck="name"),
		"default": frappe.db.get_default("email_campaigns_stopped_jobs"),
		"modules": frappe.get_all("Module Def", {"app_name": "email_campaigns"}, pluck="name"),
		"roles": frappe.get_all("Role", {"name": ("like", "Campaign %")}, pluck="name"),
		"jobs": frappe.get_all("Scheduled Job Type", {"method": like["name"]}, pluck="name"),
		"custom": frappe.get_all("Custom DocPerm", {"parent": ("in", DOCTYPES)}, pluck="parent"),
	}


def due_now() -> list[str]:
	"""Return those of ERPNext's jobs that its scheduler would start at once."""
	rows = frappe.get_all("Scheduled Job Type", {"method": ("like", JOBS)}, pluck="name")
	return [name for name in rows if frappe.get_doc("Scheduled Job Type", name).is_event_due()]


def erpnext_again(lead: str) -> dict:
	"""Work with ERPNext's own forms and jobs on the next day; return the new records and the addresses that its job mails."""
	_let_pass(1)
	name_by("Campaign Name")
	step = {"email_template": "A", "send_after_days": 0}
	campaign = make("Campaign", campaign_name="After", campaign_schedules=[step])
	enrolment = enrol(campaign, "Lead", lead)
	frappe.db.delete("Email Queue")
	before = set(frappe.get_all("Communication", pluck="name"))
	erpnexts_jobs()
	told = frappe.get_all(
		"Communication", {"name": ("not in", before)}, ["reference_name", "recipients"], as_list=True
	)
	return {"campaign": campaign, "enrolment": enrolment, "sent": sorted(told), "statuses": statuses()}


def main(site: str, step: str, arguments: str, answer: str) -> None:
	frappe.init(site=site)
	frappe.connect()
	found = globals()[step](**json.loads(arguments))
	frappe.db.commit()
	frappe.destroy()
	Path(answer).write_text(json.dumps(found, default=str))


if __name__ == "__main__":
	main(*sys.argv[1:])
