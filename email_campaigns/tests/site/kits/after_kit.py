"""For tests of a sent mailing: rows, requests, several users at once, and figures that agree."""

import threading

import frappe

from email_campaigns.delivery.ledger import counts_store
from email_campaigns.tests.site.kits.builders import addresses
from email_campaigns.tests.site.kits.queue import elsewhere
from email_campaigns.tests.site.kits.sending_test import SendingTest

MESSAGE = "Campaign Message"
REFUSED = "554 5.7.1 Not today"
UNKNOWN = "550 5.1.1 No such user"
FIVE = addresses(5)
ONE, TWO, THREE = FIVE[:3]


class AfterTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def message(self, name, email, **values):
		frappe.db.rollback()
		return frappe.db.get_value(MESSAGE, {"source": name, "email": email, **values}, "name")

	def row(self, message):
		frappe.db.rollback()
		return frappe.get_doc(MESSAGE, message)

	def do(self, method, *arguments, **options):
		"""Call a method as a request does, which commits at its end."""
		frappe.db.rollback()
		answer = method(*arguments, **options)
		frappe.db.commit()
		return answer

	def refuses(self, words, method, *arguments, **options):
		frappe.db.rollback()
		before = self.everything()
		with self.assertRaisesRegex(frappe.ValidationError, words):
			method(*arguments, **options)
		frappe.db.rollback()
		self.assertEqual(self.everything(), before, "nothing changed")

	def everything(self):
		rows = (
			"SELECT * FROM `tabCampaign Message` ORDER BY name",
			"SELECT * FROM `tabMass Email` ORDER BY name",
		)
		return [frappe.db.sql(query) for query in rows]

	def at_once(self, number, method, *arguments):
		"""Call from several connections at the same moment; return each error, None for success."""
		frappe.db.rollback()
		barrier, site, outcomes = threading.Barrier(number), frappe.local.site, []

		def call():
			frappe.local.flags.in_test = True
			barrier.wait()
			try:
				method(*arguments)
				outcomes.append(None)
			except frappe.ValidationError as error:
				frappe.db.rollback()
				outcomes.append(str(error))

		threads = [threading.Thread(target=elsewhere, args=(site, call)) for _ in range(number)]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		return outcomes

	def assertFigures(self, name, status="Complete"):
		"""The form counts what the ledger has, and the log has every mail that was sent."""
		form, numbers = self.form(name), self.statuses(name)
		for kind, states in counts_store.COUNTS.items():
			counted = sum(numbers.get(state, 0) for state in states)
			self.assertEqual(form.get(f"{kind}_count"), counted, f"{kind} on the form; {numbers}")
		self.assertEqual(form.status, status)
		logged = frappe.db.count("Campaign Log", {"source": name, "action": "Sent"})
		self.assertEqual(logged, numbers.get("Sent", 0))

	def assertReceived(self, *emails):
		self.assertEqual(self.received(), sorted(emails))
