"""A step of `dev/bench hosts` on a site: `python host_walk.py SITE STEP OTHER_APPS`, in the sites folder.

It ends with an AssertionError where the step does not show what it should.
"""

import json
import sys

import frappe
from frappe.desk.form.load import getdoc, getdoctype
from frappe.utils import nowdate

ERPNEXT = "erpnext"
THREE = ("Campaign", "Campaign Email Schedule", "Email Campaign")
ERPNEXTS_JOBS = "erpnext.crm.doctype.email_campaign.email_campaign."
# Records that the other apps bring and whose addresses can be mailed, with the values of a new one.
PEOPLE = {
	"Lead": {"first_name": "Ann", "lead_name": "Ann", "email_id": "ann@host.example"},
	"CRM Lead": {"first_name": "Bob", "email": "bob@host.example"},
	"Contact": {"first_name": "Cy", "email_ids": [{"email_id": "cy@host.example", "is_primary": 1}]},
}


def in_force(others):
	"""The doctypes are this app's and open, and none of ERPNext's jobs runs."""
	for doctype in THREE:
		assert frappe.db.get_value("DocType", doctype, "module") == "Email Campaigns", doctype
		getdoctype(doctype)
	running = frappe.get_all(
		"Scheduled Job Type", {"method": ("like", f"{ERPNEXTS_JOBS}%"), "stopped": 0}, pluck="method"
	)
	assert not running, f"ERPNext's jobs run: {running}"
	if ERPNEXT in others:
		assert frappe.db.count("Scheduled Job Type", {"method": ("like", f"{ERPNEXTS_JOBS}%")}) == 2


def send(others):
	"""A mailing and a sequence reach everybody once."""
	from email_campaigns.api.desk import approval
	from email_campaigns.jobs import drip, sending
	from email_campaigns.tests.site.kits import builders
	from email_campaigns.tests.site.kits.drips import a_sequence, a_step, clock, enrol
	from email_campaigns.tests.site.kits.queue import empty_queues, work_off
	from email_campaigns.tests.support.smtp_server import ScriptedServer

	people = {doctype: _person(doctype) for doctype in PEOPLE if frappe.db.exists("DocType", doctype)}
	with ScriptedServer() as server:
		builders.an_account(server.port)
		frappe.db.sql("UPDATE `tabEmail Account` SET default_outgoing = (name = %s)", builders.ACCOUNT)
		builders.a_list("dee@host.example")
		for doctype, name in people.items():
			builders.add_records("Sending List", doctype, name)
		empty_queues()
		approval.submit(builders.a_mailing("Sending List", subject="News"))
		frappe.db.commit()
		sending.tick()
		work_off()
		campaign = a_sequence(a_step(0, "First", send_time="0:00"))
		for doctype, name in people.items():
			enrol(campaign, name, doctype)
		drip.tick()
		drip.plan(clock(0))
		work_off()
		received = sorted((str(mail.parsed["Subject"]), mail.recipients[0]) for mail in server.messages)
	everybody = {"Lead": "ann", "CRM Lead": "bob", "Contact": "cy"}
	names = [everybody[doctype] for doctype in people]
	wanted = [("First", f"{name}@host.example") for name in names]
	wanted += [("News", f"{name}@host.example") for name in [*names, "dee"]]
	assert received == sorted(wanted), received


def _person(doctype):
	doc = frappe.get_doc({"doctype": doctype, **PEOPLE[doctype]})
	doc.flags.ignore_mandatory = True
	return doc.insert(ignore_permissions=True).name


def forms(others):
	"""The other apps' forms open, with this app gone; ERPNext's campaigns can be made."""
	assert "email_campaigns" not in frappe.get_installed_apps()
	modules = frappe.get_all("Module Def", {"app_name": ("in", others or [""])}, pluck="name")
	for doctype in frappe.get_all("DocType", {"module": ("in", modules or [""])}, pluck="name"):
		if not _is_incomplete(doctype):
			getdoctype(doctype)
	for doctype in PEOPLE:
		for name in frappe.get_all(doctype, pluck="name") if frappe.db.exists("DocType", doctype) else ():
			getdoc(doctype, name)
	if ERPNEXT in others:
		_erpnexts_enrolment()


def _is_incomplete(doctype):
	"""Whether a form links to a doctype of an app that this host does not have, as ERPNext's do."""
	fields = {"parent": doctype, "fieldtype": ("in", ("Link", "Table", "Table MultiSelect"))}
	linked = set(frappe.get_all("DocField", fields, pluck="options"))
	return bool(linked - set(frappe.get_all("DocType", {"name": ("in", list(linked))}, pluck="name")))


def _erpnexts_enrolment():
	template = frappe.new_doc("Email Template")
	template.update({"name": "Again", "subject": "Again", "response": "Hello"})
	template.insert()
	step = {"email_template": template.name, "send_after_days": 0}
	campaign = frappe.get_doc({"doctype": "Campaign", "campaign_name": "Again", "campaign_schedules": [step]})
	values = {"campaign_name": campaign.insert().name, "email_campaign_for": "Lead", "start_date": nowdate()}
	lead = frappe.get_all("Lead", pluck="name")[0]
	doc = frappe.get_doc(
		{"doctype": "Email Campaign", "recipient": lead, "sender": "Administrator", **values}
	).insert()
	assert type(doc).__module__.startswith("erpnext."), type(doc).__module__
	getdoc("Email Campaign", doc.name)


def jobs(others):
	"""The other apps' scheduled jobs are there and can be called; ERPNext's sends what is due."""
	for app in others:
		rows = frappe.get_all(
			"Scheduled Job Type", {"method": ("like", f"{app}.%")}, ["method", "stopped", "name"]
		)
		assert not [row.method for row in rows if row.stopped], "stopped jobs"
		for row in rows:
			assert callable(frappe.get_attr(row.method)), row.method
	assert not frappe.get_all("Scheduled Job Type", {"method": ("like", "email_campaigns.%")})
	if ERPNEXT in others:
		before = frappe.db.count("Communication", {"reference_doctype": "Email Campaign"})
		frappe.get_attr(f"{ERPNEXTS_JOBS}set_email_campaign_status")()
		frappe.get_attr(f"{ERPNEXTS_JOBS}send_email_to_leads_or_contacts")()
		assert frappe.db.count("Communication", {"reference_doctype": "Email Campaign"}) > before


def main(site, name, others):
	"""Run one step and commit it."""
	frappe.init(site=site)
	frappe.connect()
	frappe.set_user("Administrator")
	frappe.local.response = frappe._dict(docs=[])
	globals()[name](json.loads(others))
	frappe.db.commit()
	frappe.destroy()


if __name__ == "__main__":
	main(*sys.argv[1:])
