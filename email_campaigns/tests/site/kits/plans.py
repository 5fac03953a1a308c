"""For tests of planning: mailings with times and limits of their own."""

import frappe

from email_campaigns.tests.site.kits.builders import addresses
from email_campaigns.tests.site.kits.sending_test import SendingTest

TWENTY = addresses(20)
HOUR = 3600


class PlanningTest(SendingTest):
	def setUp(self):
		super().setUp()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		frappe.db.commit()

	def plan(self, name, **values):
		"""Change a mailing as its form does."""
		doc = frappe.get_doc("Mass Email", name)
		doc.update(values)
		doc.save()
		frappe.db.commit()
		return doc

	def refuses(self, words, name, **values):
		before = frappe.get_doc("Mass Email", name).as_dict()
		with self.assertRaisesRegex(frappe.ValidationError, words):
			self.plan(name, **values)
		frappe.db.rollback()
		self.assertEqual(frappe.get_doc("Mass Email", name).as_dict(), before, "nothing changed")

	def subjects(self):
		return {mail.recipients[0]: mail.parsed["Subject"] for mail in self.server.messages}

	def age(self, seconds):
		"""Let the mails sent be so many seconds older."""
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET sent_epoch = sent_epoch - %s WHERE sent_epoch > 0", seconds
		)
		frappe.db.commit()
