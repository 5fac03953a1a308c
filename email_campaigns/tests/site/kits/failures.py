"""For tests of failures: a mailing to five, and a server that fails as scripted."""

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.tests.site.kits.builders import ACCOUNT, a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.sending_test import SendingTest

FIVE = addresses(5)
THIRD = FIVE[2]


class FailureTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.mailing = a_mailing(a_list(*FIVE))

	def send_with(self, script, **options):
		"""Start the mailing, then send it by a server of which Prepare has seen nothing yet."""
		self.start(self.mailing)
		self.serve(script, **options)
		self.go_on()

	def repair(self):
		"""Let the server work again, and go on."""
		self.serve()
		self.go_on()

	def assertPaused(self, *words):
		form = self.form(self.mailing)
		self.assertEqual(form.status, "Paused", form.problem)
		for word in words:
			self.assertIn(word, form.problem)

	def resume(self):
		mass_email.resume(self.mailing)
		frappe.db.commit()
		self.go_on()

	def assertHeld(self, *words, level=1):
		"""The mailing is in process, nobody has been tried, and the form says why and until when it waits."""
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.problem or ""), ("In Process", ""))
		hold = frappe.get_doc("Sending Hold", ACCOUNT)
		self.assertEqual(hold.level, level)
		problem = mass_email.progress(self.mailing)["problem"]
		for word in (*words, "goes on by itself"):
			self.assertIn(word, problem)
		attempts = {"source": self.mailing, "status": "Queued", "attempts": (">", 0)}
		self.assertEqual(frappe.db.count("Campaign Message", attempts), 0)

	def goes_on_by_itself(self):
		"""When the time of the hold has passed, all that is left is sent, and the hold is gone."""
		received = len(self.server.messages)
		self.go_on()
		self.assertEqual(len(self.server.messages), received, "it was tried before its time")
		self.end_hold()
		self.go_on()
		self.assertEqual(self.form(self.mailing).status, "Complete")
		self.assertFalse(frappe.db.exists("Sending Hold", ACCOUNT))

	def outcome_of(self, email):
		return self.ledger(self.mailing)[email]
