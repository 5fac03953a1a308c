"""Email Campaign: one person in a drip sequence, by ERPNext's rules, step by step on a moving clock."""

import frappe
from frappe.utils import add_days, getdate, nowdate

from email_campaigns.drip import decide
from email_campaigns.tests.site.kits.builders import a_user, change, settings
from email_campaigns.tests.site.kits.drips import JO, OnePersonTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.queue import work_off


class TestCalendar(OnePersonTest):
	def test_every_step_leaves_on_its_day_and_the_last_completes_it(self):
		name = enrol(a_sequence(), self.contact)
		doc = frappe.get_doc("Email Campaign", name)
		self.assertEqual(
			(doc.status, getdate(doc.end_date)), ("In Progress", getdate(add_days(nowdate(), 4)))
		)
		for day, expected in enumerate((1, 1, 2, 2, 3, 3)):
			self.at(day)
			self.assertEqual(len(self.subjects(JO)), expected, f"on day {day}")
			self.assertEqual(self.status(name), "In Progress" if day < 5 else "Completed")
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 2", "Day 4"])

	def test_the_first_step_leaves_at_once(self):
		enrol(a_sequence(a_step(0, send_time="0:00")), self.contact)
		work_off()
		self.assertEqual(self.subjects(JO), ["Day 0"])

	def test_a_start_in_the_future_is_scheduled(self):
		name = enrol(a_sequence(), self.contact, start_date=add_days(nowdate(), 2))
		self.assertEqual(self.status(name), "Scheduled")
		self.at(1)
		self.assertEqual((self.status(name), self.subjects(JO)), ("Scheduled", []))
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("In Progress", ["Day 0"]))

	def test_a_day_that_is_planned_many_times_sends_once(self):
		name = enrol(a_sequence(), self.contact)
		for hour in (0, 8, 9, 9, 10, 23):
			self.at(1, hour)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(name), [(1, JO, "Sent", "")])

	def test_a_step_has_its_time_of_day(self):
		enrol(a_sequence(a_step(1, send_time="14:30")), self.contact)
		self.at(1, 14)
		self.assertEqual(self.subjects(JO), [])
		self.at(1, 15)
		self.assertEqual(self.subjects(JO), ["Day 1"])

	def test_a_step_without_a_time_leaves_at_the_default_hour(self):
		enrol(a_sequence(a_step(1)), self.contact)
		self.at(1, 8)
		self.assertEqual(self.subjects(JO), [])
		self.at(1, 9)
		self.assertEqual(self.subjects(JO), ["Day 1"])

	def test_a_step_can_go_by_the_recipients_clock(self):
		"""It is nine o'clock in Honolulu many hours later than in Kiritimati."""
		west, east = a_user("west"), a_user("east")
		frappe.db.set_value("User", west, "time_zone", "Pacific/Honolulu")
		frappe.db.set_value("User", east, "time_zone", "Pacific/Kiritimati")
		campaign = a_sequence(a_step(3, time_zone="The recipient's"))
		for user in (west, east):
			enrol(campaign, user, "User")
		self.at(3, 12)
		self.assertEqual((self.subjects(west), self.subjects(east)), ([], ["Day 3"]))
		self.at(4, 12)
		self.assertEqual((self.subjects(west), self.subjects(east)), (["Day 3"], ["Day 3"]))

	def test_two_steps_with_one_template_on_one_day_are_two_mails(self):
		step = a_step(0)
		name = enrol(a_sequence(step, dict(step)), self.contact)
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 0"])
		self.assertEqual([row[:3] for row in self.steps(name)], [(1, JO, "Sent"), (2, JO, "Sent")])


class TestScheduler(OnePersonTest):
	def test_a_scheduler_that_slept_for_three_days_catches_up(self):
		name = enrol(a_sequence(a_step(1), a_step(2), a_step(4)), self.contact)
		self.at(0)
		self.at(4)
		self.assertEqual(sorted(self.subjects(JO)), ["Day 1", "Day 2", "Day 4"])
		self.at(5)
		self.assertEqual(self.status(name), "Completed")

	def test_a_step_that_is_missed_for_longer_is_skipped_and_says_so(self):
		name = enrol(a_sequence(a_step(1), a_step(6)), self.contact)
		self.at(6)
		self.assertEqual(self.subjects(JO), ["Day 6"])
		self.assertEqual(self.steps(name), [(1, JO, "Skipped", decide.MISSED), (2, JO, "Sent", "")])

	def test_the_settings_say_how_long_a_step_is_caught_up(self):
		settings(catch_up_days=0)
		enrol(a_sequence(a_step(1)), self.contact)
		self.at(2, 10)
		self.assertEqual(self.subjects(JO), [])

	def test_a_sequence_is_not_completed_before_its_last_mail_has_left(self):
		name = enrol(a_sequence(a_step(0)), self.contact)
		frappe.db.set_default("suspend_email_queue", 1)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("In Progress", []))
		frappe.db.set_default("suspend_email_queue", 0)
		self.at(2)
		self.assertEqual((self.status(name), self.subjects(JO)), ("Completed", ["Day 0"]))

	def test_an_inactive_campaign_sends_nothing_until_it_is_active_again(self):
		campaign = a_sequence(a_step(0))
		enrol(campaign, self.contact)
		change("Campaign", campaign, status="Inactive")
		self.at(1)
		self.assertEqual(self.subjects(JO), [])
		change("Campaign", campaign, status="Active")
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])


class TestSchedule(OnePersonTest):
	def schedule(self, campaign, *steps, keep=None):
		doc = frappe.get_doc("Campaign", campaign)
		doc.campaign_schedules = [row for row in doc.campaign_schedules if keep is None or row.step in keep]
		for step in steps:
			doc.append("campaign_schedules", step)
		doc.save()
		frappe.db.commit()

	def test_a_new_step_is_for_those_who_are_under_way_too(self):
		campaign = a_sequence(a_step(0))
		name = enrol(campaign, self.contact)
		self.at(0, 23)
		self.schedule(campaign, a_step(3))
		self.assertEqual(
			getdate(frappe.db.get_value("Email Campaign", name, "end_date")), getdate(add_days(nowdate(), 3))
		)
		self.at(3)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 3"])

	def test_a_step_that_takes_the_place_of_another_is_a_new_one(self):
		campaign = a_sequence(a_step(0), a_step(1))
		name = enrol(campaign, self.contact)
		self.at(1)
		self.schedule(campaign, a_step(1, "Instead"), keep={1})
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0", "Day 1", "Instead"])
		self.assertEqual([row[0] for row in self.steps(name)], [1, 2, 3])

	def test_mails_of_a_step_that_is_taken_out_do_not_leave(self):
		campaign = a_sequence(a_step(0), a_step(1))
		name = enrol(campaign, self.contact)
		frappe.db.set_default("suspend_email_queue", 1)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.at(1)
		self.schedule(campaign, keep={1})
		frappe.db.set_default("suspend_email_queue", 0)
		self.at(1)
		self.assertEqual(self.subjects(JO), ["Day 0"])
		self.assertEqual(self.steps(name)[1][2:], ("Skipped", "The step was taken out of the schedule"))


class TestConditions(OnePersonTest):
	def after(self, condition, **stamps):
		"""Return what a person who has done something with the first mail gets under a condition."""
		name = enrol(
			a_sequence(a_step(0), a_step(1, "Second", send_if=condition), stop_on_reply=0), self.contact
		)
		self.at(0, 23)
		frappe.db.set_value("Campaign Message", {"source": name}, stamps or {"attempts": 1})
		frappe.db.commit()
		self.at(1)
		return self.steps(name)[1][2:]

	def test_each_condition_looks_at_the_earlier_mails(self):
		at = frappe.utils.now()
		for condition, stamps, sent in (
			("Only if not replied", {}, True),
			("Only if not replied", {"replied_at": at}, False),
			("Only if opened", {"opened_at": at}, True),
			("Only if opened", {}, False),
			("Only if not opened", {}, True),
			("Only if not opened", {"opened_at": at}, False),
			("Only if clicked", {"clicked_at": at}, True),
			("Only if clicked", {}, False),
			("Only if not clicked", {}, True),
			("Only if not clicked", {"clicked_at": at}, False),
		):
			with self.subTest(condition, **stamps):
				reason = decide.CONDITIONS[condition][2]
				expected = ("Sent", "") if sent else ("Skipped", reason)
				self.assertEqual(self.after(condition, **stamps), expected)
