"""Steps of the tests with Frappe CRM on their own site. Each is a process: SITE STEPS ANSWER."""

from __future__ import annotations

import re
import sys

import frappe
from frappe.utils.password import update_password

from email_campaigns.api.desk import approval, preview
from email_campaigns.audience import known_sources_store
from email_campaigns.frappe_crm import scripts_store
from email_campaigns.patches import remember_removed_sources
from email_campaigns.tests.site.kits.builders import (
	SETTINGS,
	a_campaign,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	an_account,
)
from email_campaigns.tests.site.kits.other_site import do_steps
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.tracked_mail import CHROME
from email_campaigns.tests.site.kits.visitor import Visitor

PASSWORD = "Eve-3-rides"
GREETING = '<p>Dear {{ doc.first_name }}, <a href="https://shop.example/">see</a></p>'
FORM_SCRIPT = "CRM Form Script"


def sources() -> list[str]:
	return [row.source_doctype for row in frappe.get_single(SETTINGS).recipient_sources]


def offered() -> list[str]:
	"""Return the record types that the settings form offers."""
	settings = frappe.get_single(SETTINGS)
	settings.run_method("onload")
	return [row["source_doctype"] for row in settings.get("__onload")["known_sources"]]


def take_out(*doctypes: str) -> list[str]:
	"""Take sources out of the settings, as an administrator does in the form; return those that are left."""
	settings = frappe.get_single(SETTINGS)
	rows = [row for row in settings.recipient_sources if row.source_doctype not in doctypes]
	settings.set("recipient_sources", rows)
	settings.save()
	return sources()


def take_out_user() -> list[str]:
	return take_out("User")


def put_back_user() -> str:
	settings = frappe.get_single(SETTINGS)
	rows = known_sources_store.missing_sources(settings)
	settings.append("recipient_sources", next(row for row in rows if row["source_doctype"] == "User"))
	settings.save()
	return settings.removed_sources


def an_earlier_version() -> dict:
	"""Take sources out as an earlier version did, which noted nothing, then run the patch."""
	take_out("User", "CRM Lead")
	frappe.db.set_single_value(SETTINGS, "removed_sources", "")
	remember_removed_sources.execute()
	removed = frappe.db.get_single_value(SETTINGS, "removed_sources")
	return {"removed": removed, "added": known_sources_store.add_new_sources()}


def scripts() -> dict[str, int]:
	"""Return {name of a script of ours: whether it is enabled}."""
	rows = frappe.get_all(FORM_SCRIPT, {"name": ("like", "Email Campaigns%")}, ["name", "enabled", "script"])
	assert all("function setupList" in row.script for row in rows)
	return {row.name: row.enabled for row in rows}


def change_scripts() -> None:
	"""Disable one as an administrator does, and let another be that of an earlier version."""
	doc = frappe.get_doc(FORM_SCRIPT, "Email Campaigns: CRM Lead (List)")
	doc.enabled = 0
	doc.save()
	frappe.db.set_value(FORM_SCRIPT, "Email Campaigns: CRM Deal (List)", "script", "function setupList() {}")


def make(doctype: str, **values) -> str:
	return frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True).name


def seed(port: int) -> dict:
	"""Make people, deals and users, and send a mailing to them; return {short name: record}."""
	an_account(port)
	lead = make("CRM Lead", first_name="Ann", email=address("ann"))
	primary = a_contact(address("cleo"), first_name="Cleo")
	other = a_contact(address("otto"), first_name="Otto")
	rows = [{"contact": other, "email": address("otto")}]
	rows += [{"contact": primary, "email": address("cleo"), "is_primary": 1}]
	frida = {"contact": a_contact(address("frida"), first_name="Frida"), "email": address("frida")}
	frida["is_primary"] = 1
	names = {
		"lead": lead,
		"deal": make("CRM Deal", contacts=rows, lead=lead),
		"of_lead": make("CRM Deal", lead=make("CRM Lead", first_name="Bea", email=address("bea"))),
		"own": make("CRM Deal", first_name="Dora", contacts=[frida]),
		"empty": make("CRM Deal"),
	}
	for user, roles in (("seller", ["Sales User", "Campaign User"]), ("clerk", ["Sales User"])):
		update_password(a_user(user, *_existing(roles)), PASSWORD)
	title = a_list(title="People")
	add_records(title, "CRM Lead", lead)
	add_records(title, "CRM Deal", *(names[who] for who in ("deal", "of_lead", "own", "empty")))
	names["mailing"] = _send(title, subject="News for {{ doc.first_name }}")
	names["stored"] = _send(title, subject="Stored", store_emails=1)
	return names


def _existing(roles: list[str]) -> list[str]:
	for role in roles:
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role}).insert()
	return roles


def _send(title: str, **values) -> str:
	name = a_mailing(title, html=GREETING, campaign=a_campaign(), **values)
	approval.submit(name)
	frappe.db.commit()
	work_off()
	frappe.db.sql(
		"UPDATE `tabCampaign Message` SET sent_at = sent_at - INTERVAL 1 HOUR WHERE source = %s", name
	)
	return name


def ledger(mailing: str) -> dict[str, list]:
	"""Return {record: [status, address, reason]}."""
	rows = frappe.db.sql(
		"SELECT recipient_name, status, email, reason FROM `tabCampaign Message` WHERE source = %s", mailing
	)
	return {record: [status, email, reason] for record, status, email, reason in rows}


def read_mail(html: str) -> None:
	"""Open a mail and follow its link, as its reader does."""
	visitor = Visitor()
	for kind in ("o", "c"):
		(url,) = set(re.findall(rf'"(https?://[^"]+/ec/{kind}/[^"]+)"', html))
		assert visitor.get(url, headers={"User-Agent": CHROME}).status_code < 400


def activities(user: str, name: str) -> list:
	"""Return what Frappe CRM's front end gets of a record: its answer to a user, with its status."""
	visitor = Visitor()
	visitor.sign_in(address(user), PASSWORD)
	answer = visitor.get(f"/api/method/crm.api.activities.get_activities?name={name}")
	return [answer.status_code, (answer.get_json() or {}).get("message")]


def previews(mailing: str, deal: str) -> list[str]:
	"""Return a mail to a deal as a user sees it who may read its contact, and then as one who may not."""
	seller = address("seller")
	frappe.set_user(seller)
	before = preview.preview(name=mailing, doctype="CRM Deal", record=deal)["html"]
	frappe.set_user("Administrator")
	other = frappe.db.get_value("Contact", {"email_id": address("otto")})
	limit = {"user": seller, "allow": "Contact", "for_value": other, "applicable_for": "Contact"}
	make("User Permission", apply_to_all_doctypes=0, **limit)
	frappe.set_user(seller)
	return [before, preview.preview(name=mailing, doctype="CRM Deal", record=deal)["html"]]


def choices(user: str) -> dict:
	visitor = Visitor()
	visitor.sign_in(address(user), PASSWORD)
	return visitor.get("/api/method/email_campaigns.api.desk.crm.choices").get_json()["message"]


def scripts_without_crm() -> bool:
	return scripts_store.is_here()


if __name__ == "__main__":
	do_steps(globals().__getitem__, *sys.argv[1:])
