"""An Uncertain mail whose link or image is fetched has arrived: it is Sent, and counted as such."""

import frappe

from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.tracked_mail import CHROME, JO, TrackingTest
from email_campaigns.tests.site.kits.visitor import Visitor
from email_campaigns.tracking import store

SCANNER = "BarracudaCentral (scan)"


class TestUncertain(TrackingTest):
	def setUp(self):
		super().setUp()
		self.name = self.sent()
		self.mail = self.message(self.name)
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Uncertain', reason = 'It broke off', sent_at = NULL
			WHERE name = %s""",
			self.mail,
		)
		frappe.db.sql(
			"""UPDATE `tabMass Email` SET sent_count = 0, uncertain_count = 1, people_sent_count = 0
			WHERE name = %s""",
			self.name,
		)
		frappe.db.delete("Campaign Log", {"source": self.name})
		frappe.db.commit()

	def assertSettled(self):
		frappe.db.rollback()
		row = frappe.get_doc("Campaign Message", self.mail)
		self.assertEqual((row.status, row.reason or ""), ("Sent", ""))
		self.assertTrue(row.sent_at)
		form = self.form(self.name)
		self.assertEqual((form.sent_count, form.uncertain_count, form.people_sent_count), (1, 0, 1))
		self.assertEqual(results.counts(self.name), results.count_anew(self.name), "as the ledger says")
		(details,) = frappe.get_all("Campaign Log", {"source": self.name, "action": "Sent"}, pluck="details")
		self.assertEqual(details, "What happened to it shows that it arrived.")

	def test_an_open_shows_that_it_arrived(self):
		self.get(self.pixel())
		self.assertSettled()
		self.assertEqual(self.stamps(self.name), (True, False))
		self.get(self.pixel())
		self.assertSettled()

	def test_a_click_of_a_bot_shows_it_too(self):
		self.get(self.link(), SCANNER)
		self.assertSettled()
		self.assertEqual(self.stamps(self.name), (False, False))

	def test_a_head_request_shows_it_too(self):
		self.get(self.link(), method="HEAD")
		self.assertSettled()

	def test_an_unsubscription_shows_it_too(self):
		Visitor().post(store.link_maker().unsubscribe(self.mail), {"List-Unsubscribe": "One-Click"})
		self.assertSettled()

	def test_a_failed_mail_stays_failed(self):
		frappe.db.set_value("Campaign Message", self.mail, {"status": "Failed", "reason": "550 No"})
		frappe.db.commit()
		self.get(self.pixel(), CHROME)
		self.assertEqual(self.ledger(self.name)[JO], ("Failed", "550 No"))

	def test_a_damaged_link_settles_nothing(self):
		self.get(self.pixel()[:-8])
		self.assertEqual(self.ledger(self.name)[JO][0], "Uncertain")
