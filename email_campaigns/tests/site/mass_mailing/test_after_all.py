"""Many mails are sent again after their mailing: all that failed, missing members, the uncertain ones."""

import json
import threading
from collections import Counter

import frappe

from email_campaigns.api.desk import resend
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression.suppression_store import lift, suppress
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing.resend import missing_store
from email_campaigns.tests.site.kits.after_kit import FIVE, ONE, REFUSED, THREE, TWO, UNKNOWN, AfterTest
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	add_records,
	addresses,
	change,
	settings,
)
from email_campaigns.tests.site.kits.queue import elsewhere, run_job, waiting_jobs, work_off
from email_campaigns.tests.support.smtp_server import DROP, KEEP_AND_DROP


class TestAllFailed(AfterTest):
	def test_go_again_but_those_that_bounced(self):
		self.serve({"rcpt": {ONE: UNKNOWN}, "content": {TWO: [REFUSED], THREE: [REFUSED]}})
		name = self.send(a_mailing(a_list(*FIVE)))
		self.assertEqual(self.statuses(name), {"Sent": 2, "Failed": 3})
		outcome = self.do(resend.resend_failed, name)
		self.assertEqual(outcome, {"queued": 2, "left_out": {"Suppressed: Hard Bounce": 1}})
		self.assertEqual(self.do(resend.resend_failed, name)["queued"], 0)
		self.go_on()
		self.assertReceived(*FIVE[1:])
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_of_a_mailing_of_which_nothing_could_be_sent(self):
		self.serve({"content": {ONE: [REFUSED], TWO: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		self.assertEqual(self.form(name).status, "Failed")
		self.do(resend.resend_failed, name)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)

	def test_where_none_can_leaves_the_mailing_as_it_is(self):
		self.serve({"rcpt": {ONE: UNKNOWN}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		self.do(resend.resend_failed, name)
		self.assertFigures(name)

	def test_go_again_once_by_people_at_once(self):
		self.serve({"content": {email: [REFUSED] for email in FIVE}})
		name = self.send(a_mailing(a_list(*FIVE)))
		self.assertEqual(self.at_once(4, resend.resend_failed, name), [None] * 4)
		self.assertFigures(name, "In Process")
		self.go_on()
		self.assertEqual(max(Counter(self.received()).values()), 1)
		self.assertFigures(name)


class TestMissing(AfterTest):
	def test_members_get_the_mailing(self):
		suppress(TWO, reason="Unsubscribed", origin="a click")
		suppress(THREE, reason="Unsubscribed", origin="a click")
		name = self.send(a_mailing(a_list(ONE, TWO, THREE)))
		self.assertReceived(ONE)
		lift(TWO)
		a_list(*FIVE)
		frappe.db.commit()
		self.assertEqual(
			resend.figures(name) | {"failed": 0}, {"failed": 0, "uncertain": 0, "joined": 2, "left_out": 2}
		)
		self.do(resend.resend_missing, name)
		self.refuses("already", resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, *FIVE[3:])
		self.assertFigures(name)
		self.assertNothingLost(name)
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, *FIVE[3:])
		self.assertFigures(name)

	def test_goes_on_after_a_worker_was_killed(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*addresses(30))
		frappe.db.commit()
		self.in_slices(7)
		self.do(resend.resend_missing, name)
		self.assertEqual(waiting_jobs(), ["ec-missing-" + name])
		self.assertTrue(missing_store.queue_next(name))
		frappe.db.commit()
		self.assertEqual(self.form(name).status, "In Process")
		self.go_on()
		self.assertEqual(self.received(), addresses(30))
		self.assertFigures(name)
		self.assertEqual(self.form(name).missing_cursor, 0)

	def in_slices(self, size):
		read = members_store.read_slice
		members_store.read_slice = lambda *arguments: read(*arguments, size)
		self.addCleanup(setattr, members_store, "read_slice", read)

	def test_the_mailing_is_not_finished_between_two_slices(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*addresses(10))
		frappe.db.commit()
		self.in_slices(3)
		self.do(resend.resend_missing, name)
		while missing_store.queue_next(name):
			frappe.db.commit()
			sending.top_up()
			for job in [job for job in waiting_jobs() if job.startswith("ec-page")]:
				run_job(job)
			self.assertEqual(self.form(name).status, "In Process")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.received(), addresses(10))
		self.assertFigures(name)

	def test_who_joined_with_an_address_that_has_the_mail_gets_none(self):
		name = self.send(a_mailing(a_list(ONE, TWO)))
		contact = a_contact(THREE)
		add_records(a_list(), "Contact", contact, a_contact(ONE))
		frappe.db.commit()
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)
		self.assertFigures(name)
		# A corrected address makes nobody a new member.
		change("Contact", contact, email_id=FIVE[3])
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)

	def test_who_joined_with_the_corrected_address_of_another_gets_none(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.do(resend.resend, self.message(name, ONE))
		a_list(TWO, THREE)
		frappe.db.commit()
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE, TWO, THREE)

	def test_the_hold_out_group_stays_out(self):
		name = self.send(a_mailing(a_list(*addresses(20)), holdout_percent=50))
		got = self.received()
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertEqual(self.received(), got)
		self.assertFigures(name)

	def test_people_at_once_start_one_search(self):
		name = self.send(a_mailing(a_list(ONE)))
		a_list(*FIVE)
		frappe.db.commit()
		answers = self.at_once(3, resend.resend_missing, name)
		self.assertEqual(answers.count(None), 1, answers)
		work_off()
		self.go_on()
		self.assertReceived(*FIVE)

	def test_a_key_held_by_who_gets_nothing_gives_way(self):
		"""The page skipped the first of two with one address, which left one of its lists only."""
		name = self.start(a_mailing(a_list(ONE), a_list(ONE, title="Sending Other")))
		sending.tick()
		sending.freeze(name)
		suppress(ONE, reason="Unsubscribed", origin="a click", target_list="Sending List")
		frappe.db.commit()
		self.go_on()
		self.assertReceived()
		self.do(resend.resend_missing, name)
		self.go_on()
		self.assertReceived(ONE)
		self.assertFigures(name)


class TestUncertain(AfterTest):
	def setUp(self):
		super().setUp()
		self.serve({"content": {ONE: [KEEP_AND_DROP], TWO: [DROP]}})
		self.name = self.send(a_mailing(a_list(*FIVE)))
		self.go_on()
		self.assertEqual(self.statuses(self.name), {"Sent": 3, "Uncertain": 2})
		self.one, self.two = self.message(self.name, ONE), self.message(self.name, TWO)

	def decide(self, arrived, *messages):
		chosen = json.dumps([str(number) for number in messages]) if messages else None
		return self.do(resend.decide_uncertain, self.name, arrived, chosen)

	def test_arrived(self):
		self.assertEqual(self.decide(True, self.one)["decided"], 1)
		self.assertEqual(self.decide(True, self.one)["decided"], 0)
		row = self.row(self.one)
		self.assertEqual((row.status, row.reason), ("Sent", ""))
		self.assertTrue(row.sent_at)
		self.assertFigures(self.name)
		log = frappe.get_all("Campaign Log", {"message": self.one, "action": "Sent"}, ["details", "owner"])
		self.assertEqual(len(log), 1)
		self.assertIn("Administrator", log[0].details)

	def test_send_again(self):
		self.assertEqual(self.decide(False, self.two)["decided"], 1)
		self.assertEqual(self.decide(False, self.two)["decided"], 0)
		self.assertEqual(self.decide(True, self.two)["decided"], 0)
		self.go_on()
		self.assertReceived(*FIVE)
		self.assertEqual(self.statuses(self.name), {"Sent": 4, "Uncertain": 1})
		self.assertFigures(self.name)

	def test_all_of_them(self):
		self.assertEqual(self.decide(True)["decided"], 2)
		self.assertEqual(self.statuses(self.name), {"Sent": 5})
		self.assertFigures(self.name)

	def test_people_of_two_minds(self):
		decided = Counter()
		site, names = frappe.local.site, [self.one, self.two]

		def call(arrived):
			done = resend.decide_uncertain(self.name, arrived, json.dumps(names))
			decided[arrived] += done["decided"]

		threads = [
			threading.Thread(target=elsewhere, args=(site, lambda arrived=arrived: call(arrived)))
			for arrived in (True, False, True, False)
		]
		frappe.db.rollback()
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		self.assertEqual(sorted(decided.values())[-1], 2)
		self.assertEqual(decided.total(), 2)
		self.go_on()
		self.assertFigures(self.name)

	def test_a_recipient_who_has_unsubscribed_gets_no_second_mail(self):
		suppress(ONE, reason="Unsubscribed", origin="a click")
		frappe.db.commit()
		outcome = self.decide(False)
		self.assertEqual(outcome, {"decided": 1, "left_out": {"Unsubscribed": 1}})
		self.go_on()
		self.assertEqual(Counter(self.received())[ONE], 1)

	def test_under_an_hourly_limit_the_second_waits_until_the_first_no_longer_counts(self):
		settings(hourly_limit=100)
		self.decide(False, self.two)
		row = self.row(self.two)
		self.assertEqual(row.send_after, row.sent_epoch + 3600)
		self.go_on()
		self.assertNotIn(TWO, self.received())
		self.due_again(self.name)
		self.go_on()
		self.assertIn(TWO, self.received())
