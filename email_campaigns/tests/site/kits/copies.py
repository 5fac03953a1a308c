"""For tests of copies (CC): fields that the settings offer, contacts who name others, and their copies."""

import frappe

from email_campaigns.tests.site.kits.builders import (
	SETTINGS,
	a_contact,
	a_list,
	a_mailing,
	add_records,
	address,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest

OWNER, COMPANY, USER = "Contact.owner", "Contact.company_name", "Contact.user"
LIST = "Sending Copies"
KIM, LOU, BOSS, AIDE = map(address, ("kim", "lou", "boss", "aide"))
HTML = "<p>Dear {{ doc.first_name }}, <a href='{{ unsubscribe_url }}'>leave</a></p>"


def offer(*keys, off=()):
	"""Let the settings offer fields; those in `off` are listed but not enabled."""
	doc = frappe.get_doc(SETTINGS)
	rows = []
	for key in (*keys, *off):
		doctype, _dot, fieldname = key.rpartition(".")
		rows.append({"source_doctype": doctype, "cc_fieldname": fieldname, "enabled": int(key not in off)})
	doc.set("cc_fields", rows)
	doc.save()
	frappe.db.commit()


def contacts(*emails, **values):
	"""Put new contacts on the list; return their names."""
	names = [a_contact(email, first_name=email.split("@")[0], **values) for email in emails]
	add_records(a_list(title=LIST), "Contact", *names)
	frappe.db.commit()
	return names


class CopiesTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(self.offer_nothing)
		offer(OWNER, COMPANY, USER)

	def offer_nothing(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		offer()

	def mailing(self, *keys, **values):
		rows = [{"cc_field": key} for key in keys or (COMPANY,)]
		return a_mailing(a_list(title=LIST), html=HTML, cc_fields=rows, **values)

	def rows(self, name):
		frappe.db.rollback()
		fields = ["name", "email", "status", "reason", "cc_of", "cc_field", "dedupe_key", "send_after"]
		return frappe.get_all("Campaign Message", {"source": name}, fields, order_by="name")

	def copies(self, name):
		return sorted((row.email, row.status, row.reason or "") for row in self.rows(name) if row.cc_of)

	def log(self, name, action):
		frappe.db.rollback()
		return frappe.get_all("Campaign Log", {"source": name, "action": action}, ["*"], order_by="name")

	def mail_to(self, recipient):
		(mail,) = [mail for mail in self.server.messages if recipient in mail.recipients]
		return mail

	def assertNothingOpen(self, name, status="Complete"):
		self.assertEqual(self.form(name).status, status)
		self.assertEqual({"Queued", "Sending"} & set(self.statuses(name)), set())
		self.assertNothingLost(name)
