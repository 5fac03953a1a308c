"""Builds what tests of sending need: lists, records, users, templates, campaigns, mailings, settings."""

from __future__ import annotations

import time

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.audience import sources_store
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.lists.csv_file import NewMember
from email_campaigns.tests.site.kits.queue import empty_queues

DOMAIN = "sending.example"
PREFIX = "Sending"
ACCOUNT = f"{PREFIX} Account"
SETTINGS = "Email Campaign Settings"
PLAIN_SETTINGS = {
	"hourly_limit": 0,
	"batch_size": 200,
	"parallel_jobs": 1,
	"sessions_per_job": 1,
	"max_attempts": 5,
	"add_unsubscribe_link": 1,
	"approval": "Not needed",
	"default_hour": 9,
	"track_opens": 1,
	"track_links": 1,
	"add_utm": 0,
	"machine_seconds": 5,
	"catch_up_days": 3,
	"soft_bounces": 5,
	"soft_bounce_days": 14,
	"soft_suppression_days": 30,
	"hold_automatic_days": 30,
	"obey_leave_words": 0,
	"hard_bounce_share": 5,
	"blocked_share": 5,
	"complaint_share": 0.3,
	"guard_minimum": 20,
	"cfbl_address": "",
}
BUILT = (
	("Campaign Message", "source"),
	("Campaign Log", "source"),
	("Notification Log", "document_name"),
	("Inbound Event", "mailing"),
	("Tracking Link", "source"),
	("Campaign Target List", "parent"),
	("Mass Email", "name"),
)
TITLED = (
	("Target List Member", "target_list"),
	("Campaign Target List", "target_list"),
	("Target List", "name"),
	("Tracking Link", "campaign"),
	("Campaign Mail Text", "campaign"),
	("Campaign", "name"),
	("Email Template", "name"),
	("Email Group Member", "email_group"),
	("Email Group", "name"),
	("Suppressed Email", "origin"),
	("Sending Hold", "name"),
	("Inbound Event", "source"),
	("Contact", "designation"),
)
ADDRESSED = (
	("Suppressed Email", "email"),
	("Email Unsubscribe", "email"),
	("Campaign Log", "email"),
	("Inbound Event", "email"),
	("Campaign Message", "email"),
	("Contact Email", "email_id"),
	("Contact", "email_id"),
	("Has Role", "parent"),
	("User", "name"),
)


def address(name: str) -> str:
	return f"{name}@{DOMAIN}"


def addresses(number: int) -> list[str]:
	return [address(f"p{index:04}") for index in range(1, number + 1)]


def a_list(*emails: str, title: str = f"{PREFIX} List") -> str:
	"""Make a target list with plain addresses, or add them to it."""
	if not frappe.db.exists("Target List", title):
		frappe.get_doc({"doctype": "Target List", "title": title}).insert()
	for batch in members_store.slices(emails):
		members_store.add_addresses(
			title, [NewMember(line, email, "Jo") for line, email in enumerate(batch, 2)]
		)
	return title


def add_records(title: str, doctype: str, *names: str) -> None:
	members_store.add_records(title, sources_store.source(doctype), names)


def a_contact(email: str, **values) -> str:
	rows = [{"email_id": email, "is_primary": 1}] if email else []
	doc = {"doctype": "Contact", "first_name": "Jo", "designation": PREFIX, "email_ids": rows, **values}
	return frappe.get_doc(doc).insert(ignore_permissions=True).name


def a_user(name: str, *roles: str) -> str:
	values = {"doctype": "User", "email": address(name), "first_name": name, "send_welcome_email": 0}
	rows = [{"role": role} for role in roles]
	return frappe.get_doc({**values, "roles": rows}).insert(ignore_permissions=True).name


def a_template(subject: str = "Hello", html: str = "<p>Hello</p>") -> str:
	"""Make a template, also one that the framework's form would refuse."""
	doc = frappe.new_doc("Email Template")
	doc.update({"name": f"{PREFIX} {frappe.generate_hash(length=8)}", "subject": subject})
	doc.update({"response_html": html, "use_html": 1})
	doc.flags.ignore_validate = doc.flags.ignore_mandatory = True
	return doc.insert().name


def a_campaign(**values) -> str:
	values = {"campaign_name": f"{PREFIX} {frappe.generate_hash(length=8)}", **values}
	return frappe.get_doc({"doctype": "Campaign", **values}).insert().name


def an_app_document(doctype: str, **values):
	"""Make a document of a doctype that the app alone writes."""
	doc = frappe.get_doc({"doctype": doctype, **values})
	doc.flags.by_app = doc.flags.ignore_links = True
	return doc.insert(ignore_permissions=True)


def a_mailing(*lists: str, subject="Hello", html="<p>Hello</p>", campaign="", excluding=(), **values) -> str:
	"""Make a Draft to some lists, by the account of the test's server; durable."""
	doc = {
		"doctype": "Mass Email",
		"title": f"{PREFIX} {frappe.generate_hash(length=8)}",
		"campaign": campaign or a_campaign(),
		"email_template": a_template(subject, html),
		"sender_account": ACCOUNT,
		"target_lists": [{"target_list": name} for name in lists],
		"excluding_target_lists": [{"target_list": name} for name in excluding],
		**values,
	}
	name = frappe.get_doc(doc).insert().name
	frappe.db.commit()
	return name


def an_account(port: int) -> None:
	"""Point the tests' Email Account to a port of this machine."""
	values = {"smtp_server": "127.0.0.1", "smtp_port": port, "enable_outgoing": 1, "use_tls": 0}
	values |= {"use_ssl_for_outgoing": 0, "no_smtp_authentication": 1, "enable_incoming": 0}
	values |= {"email_id": address("news")}
	if not frappe.db.exists("Email Account", ACCOUNT):
		doc = frappe.new_doc("Email Account")
		doc.update({"email_account_name": ACCOUNT, **values})
		doc.flags.ignore_validate = True
		doc.insert()
	frappe.db.set_value("Email Account", ACCOUNT, values)
	frappe.clear_document_cache("Email Account", ACCOUNT)


def remove_account() -> None:
	frappe.db.rollback()
	frappe.db.delete("Email Account", {"name": ACCOUNT})
	frappe.db.sql("DELETE FROM __Auth WHERE doctype = 'Email Account' AND name = %s", ACCOUNT)
	frappe.clear_document_cache("Email Account", ACCOUNT)
	frappe.db.commit()


def change(doctype: str, name: str, **values) -> None:
	"""Write values past the document, durably."""
	frappe.db.set_value(doctype, name, values, update_modified=False)
	frappe.clear_document_cache(doctype, name)
	frappe.db.commit()


def starts(name: str, seconds: int) -> None:
	"""Let a mailing start so many seconds from now."""
	at = add_to_date(now_datetime(), seconds=seconds)
	change("Mass Email", name, send_when="Later", start_date=at, start_epoch=int(time.time()) + seconds)


def settings(**values) -> None:
	for field, value in values.items():
		frappe.db.set_single_value(SETTINGS, field, value, update_modified=False)
	frappe.clear_document_cache(SETTINGS, SETTINGS)
	frappe.db.commit()


def stored_settings() -> tuple:
	return frappe.db.sql(
		"SELECT doctype, field, value FROM tabSingles WHERE doctype = %s AND field IN %s",
		(SETTINGS, tuple(PLAIN_SETTINGS)),
	)


def restore_settings(rows: tuple) -> None:
	frappe.db.rollback()
	frappe.db.delete("Singles", {"doctype": SETTINGS, "field": ["in", list(PLAIN_SETTINGS)]})
	for row in rows:
		frappe.db.sql("INSERT INTO tabSingles (doctype, field, value) VALUES (%s, %s, %s)", row)
	settings()


def wipe() -> None:
	"""Remove everything that these builders make."""
	frappe.db.rollback()
	frappe.set_user("Administrator")
	mailings = frappe.get_all("Mass Email", {"title": ["like", f"{PREFIX}%"]}, pluck="name") or [""]
	for doctype, field in BUILT:
		frappe.db.delete(doctype, {field: ["in", mailings]})
	for doctype, field in TITLED:
		frappe.db.delete(doctype, {field: ["like", f"{PREFIX}%"]})
	for doctype, field in ADDRESSED:
		frappe.db.delete(doctype, {field: ["like", f"%@{DOMAIN}"]})
	for doctype in ("Contact Email", "Contact Phone"):
		frappe.db.sql(f"DELETE FROM `tab{doctype}` WHERE parent NOT IN (SELECT name FROM `tabContact`)")
	frappe.db.sql(
		"DELETE FROM `tabCampaign Mail Values` WHERE name NOT IN (SELECT name FROM `tabCampaign Message`)"
	)
	frappe.db.delete("Domain Hold")
	# The next test makes documents of the same titles, and mails the same addresses.
	frappe.db.delete("Retired Name")
	frappe.db.delete("Forgotten Address")
	frappe.db.commit()
	empty_queues()
