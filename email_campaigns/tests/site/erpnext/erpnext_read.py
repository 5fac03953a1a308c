"""Reads the site of the tests with ERPNext; returns values that JSON can carry."""

from __future__ import annotations

import json
from pathlib import Path

import frappe
from frappe.utils import cint

from email_campaigns import install
from email_campaigns.audience.known_sources import SOURCE_FIELDS

DOCTYPES = ("Campaign", "Campaign Email Schedule", "Email Campaign")
JOBS = "erpnext.crm.doctype.email_campaign.email_campaign.%"


def tables() -> dict[str, dict]:
	"""Return {table: {row: {column: value}}} of what must outlive this app, in ERPNext's own columns."""
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
				"""SELECT column_name FROM information_schema.columns
				WHERE table_schema = DATABASE() AND table_name = %s""",
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


def remembered_jobs() -> list[str]:
	"""Return those of ERPNext's jobs that this app starts again when it is uninstalled."""
	stored = frappe.db.get_value("DefaultValue", {"defkey": "email_campaigns_stopped_jobs"}, "defvalue")
	return sorted(method.rpartition(".")[2] for method in json.loads(stored))


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
	"""Return the state of the site that a change of owners is compared by."""
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


def refusals() -> list[str]:
	"""Return the refusals where another app owns the names, and where a Custom Field has one of our names."""
	sentences = []
	for doctype, name, field, value in (
		("Module Def", "CRM", "app_name", "other_crm"),
		("DocType", "Campaign", "custom", 1),
	):
		before = frappe.db.get_value(doctype, name, field)
		frappe.db.set_value(doctype, name, field, value)
		sentences.append(_refusal())
		frappe.db.set_value(doctype, name, field, before)
	field = {"dt": "Email Campaign", "fieldname": "plan_step", "fieldtype": "Data"}
	doc = frappe.new_doc("Custom Field").update(field)
	doc.name = "Email Campaign-plan_step"
	doc.db_insert()
	sentences.append(_refusal())
	frappe.db.delete("Custom Field", doc.name)
	return sentences


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
		"""SELECT source, email, DATE(creation) FROM `tabCampaign Log`
		WHERE action = 'Sent' ORDER BY source, email, creation"""
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
	return [[row.get(field) or "" for field in SOURCE_FIELDS[:5]] for row in rows]


def comments() -> dict[str, str]:
	rows = frappe.get_all(
		"Comment",
		{"comment_type": "Info", "reference_doctype": ("in", DOCTYPES)},
		["reference_name", "content"],
	)
	return {row.reference_name: row.content for row in rows}


def leftovers() -> dict:
	"""Return what an uninstallation should have removed."""
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
