"""An answer joins the timeline of the recipient's record, and makes no new record."""

import frappe
from frappe.email.receive import InboundMail

from email_campaigns.inbound import threads_store
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_mailing, add_records
from email_campaigns.tests.site.kits.came_back import JO, CameBackTest
from email_campaigns.tracking.store import read_mail

SES = "0100018f2b3c4d5e-11111111-2222-3333-4444-555555555555-000000@email.amazonses.com"


class TestThreads(CameBackTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(JO)
		add_records(a_list(), "Contact", self.contact)
		self.message = self.mail(self.send(a_mailing("Sending List")))
		self.own_id = frappe.db.get_value("Campaign Message", self.message, "message_id")
		self.addCleanup(self.forget)

	def forget(self):
		frappe.db.rollback()
		frappe.db.delete("Communication", {"reference_name": self.contact})
		frappe.db.delete("Communication", {"sender": JO})
		frappe.db.delete("Communication Link", {"link_name": self.contact})
		frappe.db.delete("ToDo", {"description": ("like", "%Re: Hello%")})
		frappe.db.commit()

	def receive(self, answered: str):
		"""Let Frappe make what it makes of an answer, for an account that makes a ToDo of each new mail."""
		head = [f"From: {JO}", "To: news@sending.example", "Subject: Re: Hello"]
		head += ["Message-ID: <a1@jo.example>", f"In-Reply-To: <{answered}>"]
		head += ["Date: Sun, 29 Nov 2026 10:00:00 +0000"]
		raw = "\r\n".join([*head, "", "Yes, please", ""])
		account = frappe._dict(
			name="Sending Account", email_id="news@sending.example", append_to="ToDo", use_imap=0
		)
		mail = InboundMail(raw.encode(), account)
		return mail.reference_document()

	def test_without_it_frappe_knows_no_document(self):
		self.assertFalse(self.receive(self.own_id))

	def test_an_answer_joins_the_record(self):
		self.assertTrue(threads_store.prepare(read_mail(self.message), [self.own_id]))
		record = self.receive(self.own_id)
		self.assertEqual((record.doctype, record.name), ("Contact", self.contact))

	def test_a_second_answer_makes_no_twin_of_the_mail(self):
		for _time in range(2):
			threads_store.prepare(read_mail(self.message), [self.own_id])
		self.assertEqual(frappe.db.count("Communication", {"message_id": self.own_id}), 1)

	def test_an_answer_to_the_id_of_a_provider_joins_the_record_too(self):
		self.assertTrue(threads_store.prepare(read_mail(self.message), [SES]))
		record = self.receive(SES)
		self.assertEqual((record.doctype, record.name), ("Contact", self.contact))
		self.assertEqual(frappe.db.count("Communication", {"message_id": self.own_id}), 1)

	def test_a_plain_address_has_no_record(self):
		other = self.mail(self.sent("plain@sending.example"), "plain@sending.example")
		self.assertFalse(threads_store.prepare(read_mail(other), [self.own_id]))
