"""For tests of failures: a mailing to five, and a server that fails as scripted."""

import frappe

from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses
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
		from email_campaigns.api.desk import mass_email

		mass_email.resume(self.mailing)
		frappe.db.commit()
		self.go_on()

	def outcome_of(self, email):
		return self.ledger(self.mailing)[email]
