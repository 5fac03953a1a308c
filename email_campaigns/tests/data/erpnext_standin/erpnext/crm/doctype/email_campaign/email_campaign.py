"""Behaves as ERPNext's Email Campaign does: it sends the steps of a day, and remembers none of them."""

import frappe
from frappe import _
from frappe.core.doctype.communication.email import make
from frappe.model.document import Document
from frappe.utils import add_days, getdate, today


class EmailCampaign(Document):
	def validate(self):
		if getdate(self.start_date) < getdate(today()):
			frappe.throw(_("Start Date cannot be before the current date"))
		days = [
			row.send_after_days for row in frappe.get_doc("Campaign", self.campaign_name).campaign_schedules
		]
		self.end_date = add_days(getdate(self.start_date), max(days))
		self.update_status()

	def update_status(self):
		start, end, now = getdate(self.start_date), getdate(self.end_date), getdate(today())
		status = "Scheduled" if start > now else "In Progress" if end >= now else "Completed"
		if self.status != status:
			self.db_set("status", status, update_modified=False)


def send_email_to_leads_or_contacts():
	for name in frappe.get_all("Email Campaign", {"status": "In Progress"}, pluck="name"):
		doc = frappe.get_doc("Email Campaign", name)
		for row in frappe.get_doc("Campaign", doc.campaign_name).campaign_schedules:
			if add_days(getdate(doc.start_date), row.send_after_days) == getdate(today()):
				_send(doc, row.email_template)


def _send(doc, template):
	context = {"doc": frappe.get_doc(doc.email_campaign_for, doc.recipient)}
	text = frappe.get_doc("Email Template", template)
	mail = {
		"recipients": _recipients(doc),
		"sender": frappe.db.get_value("User", doc.sender, "email"),
		"subject": frappe.render_template(text.subject, context),
		"content": frappe.render_template(text.response_html or text.response, context),
	}
	told = make(
		doctype="Email Campaign",
		name=doc.name,
		communication_medium="Email",
		sent_or_received="Sent",
		send_email=False,
		email_template=template,
		**mail,
	)
	frappe.sendmail(communication=told["name"], queue_separately=True, **mail)


def _recipients(doc):
	if doc.email_campaign_for == "Email Group":
		members = {"email_group": doc.recipient, "unsubscribed": 0}
		return frappe.get_all("Email Group Member", members, pluck="email")
	return [frappe.db.get_value(doc.email_campaign_for, doc.recipient, "email_id")]


def unsubscribe_recipient(unsubscribe, method):
	if unsubscribe.reference_doctype == "Email Campaign":
		frappe.db.set_value("Email Campaign", unsubscribe.reference_name, "status", "Unsubscribed")


def set_email_campaign_status():
	for name in frappe.get_all("Email Campaign", {"status": ("!=", "Unsubscribed")}, pluck="name"):
		frappe.get_doc("Email Campaign", name).update_status()
