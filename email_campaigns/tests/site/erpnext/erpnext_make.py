"""Records for the tests beside ERPNext."""

from __future__ import annotations

import frappe
from frappe.utils import add_days, nowdate

DOMAIN = "erpnext.example"


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
	"""Choose how campaigns are named, as ERPNext's CRM Settings do."""
	frappe.db.set_default("campaign_naming_by", rule)


def link(doctype: str) -> str:
	"""ERPNext 16 links to the UTM Campaign of a campaign, 15 to the campaign."""
	for field in ("utm_campaign", "campaign_name", "campaign"):
		if frappe.get_meta(doctype).has_field(field):
			return field
	raise AssertionError(doctype)


def linked(campaign: str) -> str:
	return frappe.db.get_value("Campaign", campaign, "campaign_name")


def enrol(campaign: str, kind: str, recipient: str, start: int = 0, **values) -> str:
	values = {"campaign_name": campaign, "email_campaign_for": kind, "recipient": recipient, **values}
	return make("Email Campaign", sender="Administrator", start_date=add_days(nowdate(), start), **values)


def deal(doctype: str, campaign: str = "", **values) -> str:
	"""Write a sales document past ERPNext's rules, which ask for companies, items and accounts."""
	doc = frappe.new_doc(doctype)
	doc.update({"docstatus": 1, **values})
	doc.name = frappe.generate_hash(length=10)
	if campaign:
		doc.set(link(doctype), linked(campaign))
	doc.db_insert()
	return doc.name
