"""Answers as Frappe CRM does: (activities, calls, notes, tasks, attachments) of a Deal or a Lead."""

import frappe
from frappe import _
from frappe.desk.form.load import get_docinfo


@frappe.whitelist()
def get_activities(name: str):
	for doctype in ("CRM Deal", "CRM Lead"):
		if frappe.db.exists(doctype, name):
			return _activities(doctype, name), [], [], [], []
	raise frappe.DoesNotExistError(_("Document not found"))


def _activities(doctype, name):
	if not frappe.has_permission(doctype, "read", name):
		frappe.throw(_("Not permitted"), frappe.PermissionError)
	lead = frappe.db.get_value(doctype, name, "lead") if doctype == "CRM Deal" else ""
	activities = [
		*(_activities("CRM Lead", lead) if lead else []),
		_creation(doctype, name),
		*_communications(doctype, name),
	]
	return sorted(activities, key=lambda activity: activity["creation"], reverse=True)


def _creation(doctype, name):
	creation, owner = frappe.db.get_value(doctype, name, ["creation", "owner"])
	values = {"activity_type": "creation", "creation": creation, "owner": owner, "data": "created this"}
	return {**values, "is_lead": doctype == "CRM Lead"}


def _communications(doctype, name):
	get_docinfo("", doctype, name)
	return [
		{
			"activity_type": "communication",
			"communication_type": mail.communication_type,
			"communication_date": mail.communication_date or mail.creation,
			"creation": mail.creation,
			"data": {"subject": mail.subject, "content": mail.content, "recipients": mail.recipients},
			"is_lead": doctype == "CRM Lead",
		}
		for mail in frappe.response["docinfo"].communications
	]
