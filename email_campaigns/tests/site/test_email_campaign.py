"""Email Campaign: one person in a drip sequence, by ERPNext's rules, step by step on a moving clock."""

import frappe
from frappe.utils import add_days, getdate, nowdate

from email_campaigns.tests.site.drips import DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kit import a_campaign, a_contact, address

JO = address("jo")


class TestOnePerson(DripTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(JO)

	def test_every_step_leaves_on_its_day_and_the_last_completes_it(self):
		name = enrol(a_sequence(), self.contact)
		doc = frappe.get_doc("Email Campaign", name)
		self.assertEqual((doc.status, getdate(doc.end_date)), ("In Progress", getdate(add_days(nowdate(), 4))))
		for day, expected in enumerate((1, 1, 2, 2, 3, 3)):
			self.at(day)
			self.assertEqual(len(self.subjects(JO)), expected, f"on day {day}")
			self.assertEqual(self.status(name), "In Progress" if day < 5 else "Completed")
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2", "Day 4"])

	def test_the_first_step_leaves_at_once(self):
		enrol(a_sequence(a_step(0, send_time="00:00:00")), self.contact)
		from email_campaigns.tests.site.kit import work_off

		work_off()
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_a_start_in_the_future_is_scheduled(self):
		name = enrol(a_sequence(), self.contact, start_date=add_days(nowdate(), 2))
		self.assertEqual(self.status(name), "Scheduled")
		self.at(1)
		self.assertEqual((self.status(name), self.subjects(JO)), ("Scheduled", []))
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("In Progress", ["Day 0"]))

	def test_the_day_is_looked_at_again_and_again_and_sends_once(self):
		name = enrol(a_sequence(), self.contact)
		for hour in (0, 8, 9, 9, 10, 23):
			self.at(0, hour)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(name), [(1, JO, "Sent", "")])
