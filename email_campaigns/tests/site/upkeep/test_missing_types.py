"""Records whose doctype is no longer on the site, because their app was uninstalled."""

import frappe
from frappe.desk.form.load import getdoc

from email_campaigns import install
from email_campaigns.audience.decide import TYPE_MISSING
from email_campaigns.jobs import drip
from email_campaigns.mass_mailing import freeze_store
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_mailing, add_records, address
from email_campaigns.tests.site.kits.drips import JO, OnePersonTest, a_sequence, enrol
from email_campaigns.tests.site.kits.sending_test import SendingTest

GONE = "Gone Type"


class TestMember(SendingTest):
	def setUp(self):
		super().setUp()
		self.list = a_list(address("ann"), address("bob"))
		contact = a_contact(address("cy"))
		add_records(self.list, "Contact", contact)
		values = {"member_doctype": GONE, "member_key": f"r:{GONE}:{contact}"}
		frappe.db.set_value("Target List Member", {"member_name": contact}, values)
		frappe.db.commit()

	def test_it_is_skipped_with_that_reason_and_the_mailing_ends(self):
		name = a_mailing(self.list)
		self.send(name)
		sent = dict.fromkeys((address("ann"), address("bob")), ("Sent", ""))
		self.assertEqual(self.ledger(name), {**sent, address("cy"): ("Skipped", TYPE_MISSING)})
		self.assertEqual(frappe.db.get_value("Mass Email", name, "status"), "Complete")

	def test_it_is_not_counted_beforehand(self):
		figures = freeze_store.count_audience(a_mailing(self.list))
		self.assertIn((TYPE_MISSING, 1), [tuple(row) for row in figures["skipped"].items()])


class TestEnrolment(OnePersonTest):
	def setUp(self):
		super().setUp()
		self.name = enrol(a_sequence(), self.contact)
		frappe.db.set_value("Email Campaign", self.name, {"email_campaign_for": GONE})
		frappe.db.commit()

	def test_it_ends_with_that_reason_and_nothing_is_sent(self):
		self.at(0)
		row = frappe.db.get_value("Email Campaign", self.name, ["status", "ended_because"])
		self.assertEqual(row, ("Cancelled", TYPE_MISSING))
		self.assertEqual(self.subjects(JO), [])

	def test_its_form_opens(self):
		for _time in range(2):
			frappe.local.response = frappe._dict(docs=[])
			getdoc("Email Campaign", self.name)
			(doc,) = frappe.local.response.docs
			self.assertEqual(doc.get_onload("missing_record"), f"{GONE} {self.contact}")
			drip.advance()


class TestSettings(SendingTest):
	def test_they_can_be_saved_after_the_app_has_gone(self):
		doc = frappe.get_single("Email Campaign Settings")
		before = [row.source_doctype for row in doc.recipient_sources if row.source_doctype != GONE]
		row = doc.append("recipient_sources", {"source_doctype": GONE, "email_field": "email", "enabled": 1})
		row.set_new_name()
		row.db_insert()
		frappe.clear_document_cache(doc.doctype, doc.name)
		with self.assertRaises(frappe.LinkValidationError):
			frappe.get_single(doc.doctype).save()
		install.after_app_uninstall("gone")
		frappe.get_single(doc.doctype).save()
		rows = frappe.get_single("Email Campaign Settings").recipient_sources
		self.assertEqual([row.source_doctype for row in rows], before)
