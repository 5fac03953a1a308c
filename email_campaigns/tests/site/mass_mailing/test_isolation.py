"""An error in the work on one mailing ends neither the tick nor the work on the others."""

from unittest.mock import patch

import frappe
from rq.timeouts import JobTimeoutException

from email_campaigns.compat import enqueue_once
from email_campaigns.delivery.ledger import claims_store, counts_store, ends_store
from email_campaigns.delivery.sending import judge_store
from email_campaigns.drip import plan_store
from email_campaigns.jobs import ab_winner, drip, isolation, sending
from email_campaigns.mass_mailing import approval_store
from email_campaigns.schedule.limits import HOUR
from email_campaigns.site_time import database_epoch
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_mailing, address, addresses, change
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, clock, enrol
from email_campaigns.tests.site.kits.sending_test import SendingTest

FIVE = addresses(5)


def breaking(target, method, *broken):
	"""Let a function raise where its first argument is one of `broken`."""
	whole = getattr(target, method)

	def sometimes(first, *arguments, **options):
		if first in broken:
			raise RuntimeError("planted")
		return whole(first, *arguments, **options)

	return patch.object(target, method, sometimes)


def logged(words):
	return frappe.db.count("Error Log", {"method": ["like", f"%{words}%"]})


class TestMailings(SendingTest):
	def setUp(self):
		super().setUp()
		self.broken, self.other = (self.start(a_mailing(a_list(*FIVE))) for _mailing in range(2))

	def assertOtherIsSent(self):
		self.assertEqual(self.form(self.other).status, "Complete")
		self.assertSentTo(self.other, FIVE)
		self.assertIn("Error Log", self.form(self.broken).problem)
		self.assertEqual(logged(f"of {self.broken} failed"), 1, "logged once, however often it is tried")

	def test_one_that_can_not_be_started(self):
		with breaking(approval_store, "may_start", self.broken):
			for _tick in range(3):
				self.go_on()
		self.assertOtherIsSent()
		self.serve()
		self.go_on()
		self.assertEqual(self.form(self.broken).problem or "", "")
		self.assertSentTo(self.broken, FIVE)

	def test_one_whose_batches_can_not_be_enqueued(self):
		sending.tick()
		for name in (self.broken, self.other):
			sending.freeze(name)
		with breaking(counts_store, "is_open", self.broken):
			for _minute in range(3):
				sending.top_up()
		self.assertIn("Error Log", self.form(self.broken).problem)
		self.assertEqual(logged(f"of {self.broken} failed"), 1)

	def test_one_whose_freeze_can_not_be_enqueued(self):
		with breaking_job(f"ec-freeze-{self.broken}"):
			for _tick in range(3):
				self.go_on()
		self.assertOtherIsSent()

	def test_one_that_can_not_expire(self):
		sending.tick()
		for name in (self.broken, self.other):
			sending.freeze(name)
		for name in (self.broken, self.other):
			change("Mass Email", name, deadline_epoch=database_epoch() - HOUR)
		with breaking(ends_store, "queued_slice", self.broken):
			sending.top_up()
		self.assertEqual(self.statuses(self.other), {"Expired": 5})
		self.assertIn("Error Log", self.form(self.broken).problem)

	def test_one_whose_dead_claims_can_not_be_recovered(self):
		sending.tick()
		for name in (self.broken, self.other):
			sending.freeze(name)
			frappe.db.sql(
				"UPDATE `tabCampaign Message` SET claim = 'dead', lease_until = 1 WHERE source = %s", name
			)
		frappe.db.commit()
		campaign, recover = self.form(self.broken).campaign, claims_store.recover

		def broken(epoch, name):
			if name == campaign:
				raise RuntimeError("planted")
			return recover(epoch, name)

		with patch.object(claims_store, "recover", broken):
			self.go_on()
		self.assertSentTo(self.other, FIVE)
		self.assertEqual(self.statuses(self.broken), {"Queued": 5})

	def test_one_whose_winner_can_not_be_chosen(self):
		names = [self.broken, self.other]
		judged = []

		def choose(name, epoch):
			judged.append(name)
			raise RuntimeError("planted")

		with (
			patch.object(ab_winner.ab_winner_store, "mailings_under_test", lambda: names),
			patch.object(ab_winner.ab_winner_store, "choose_if_due", choose),
		):
			ab_winner.choose_winners(database_epoch())
		self.assertEqual(judged, names)

	def test_one_whose_batches_fail(self):
		with failing_preparation(RuntimeError("planted"), self.broken):
			for _minute in range(3):
				self.go_on()
		self.assertOtherIsSent()
		self.assertEqual(self.statuses(self.broken), {"Queued": 5})
		self.serve()
		self.go_on()
		self.assertEqual(self.form(self.broken).problem or "", "")
		self.assertSentTo(self.broken, FIVE)

	def test_one_whose_records_are_unusable_is_paused(self):
		with failing_preparation(frappe.ValidationError("No such field"), self.broken):
			self.go_on()
		form = self.form(self.broken)
		self.assertEqual((form.status, form.problem), ("Paused", "No such field"))
		self.assertEqual(self.statuses(self.broken), {"Queued": 5})
		self.assertSentTo(self.other, FIVE)

	def test_a_deadlock_is_logged_and_over_at_the_next_try(self):
		with isolation.isolate_mailing(self.broken, "the start"):
			raise frappe.QueryDeadlockError
		self.assertEqual(self.form(self.broken).problem or "", "")
		self.assertEqual(logged(f"the start of {self.broken} failed"), 1)

	def test_the_end_of_the_jobs_time_is_no_error_of_a_mailing(self):
		with self.assertRaises(JobTimeoutException), isolation.isolate_mailing(self.broken, "the start"):
			raise JobTimeoutException
		self.assertEqual(self.form(self.broken).problem or "", "")


class TestSequences(DripTest):
	def test_a_step_whose_records_are_unusable_waits(self):
		campaign = a_sequence()
		enrolment = enrol(campaign, a_contact(address("kim")))
		with failing_preparation(frappe.ValidationError("No such field"), campaign):
			self.at(0)
		self.assertIn("No such field", frappe.db.get_value("Campaign", campaign, "drip_problem"))
		mail = {"source": enrolment, "status": "Queued", "send_after": (">", database_epoch())}
		self.assertEqual(frappe.db.count("Campaign Message", mail), 1)

	def test_a_step_whose_batches_fail(self):
		campaign = a_sequence()
		enrol(campaign, a_contact(address("kim")))
		with failing_preparation(RuntimeError("planted"), campaign):
			self.at(0)
			self.go_on()
		self.assertIn("Error Log", frappe.db.get_value("Campaign", campaign, "drip_problem"))
		self.assertEqual(logged(f"sending of {campaign} failed"), 1)
		self.go_on()
		self.assertEqual(self.received(), [address("kim")])
		self.assertFalse(frappe.db.get_value("Campaign", campaign, "drip_problem"))

	def test_a_campaign_that_can_not_be_planned(self):
		first, second = a_sequence(), a_sequence()
		enrol(first, a_contact(address("kim")))
		enrol(second, a_contact(address("lou")))
		plan = plan_store.plan_enrolments

		def broken(enrolments, epoch):
			if enrolments[0].campaign == first:
				raise RuntimeError("planted")
			return plan(enrolments, epoch)

		with patch.object(plan_store, "plan_enrolments", broken):
			for _tick in range(2):
				drip.plan(clock(0, 23))
			self.go_on()
		self.assertEqual(self.received(), [address("lou")])
		self.assertIn("Error Log", frappe.db.get_value("Campaign", first, "drip_problem"))
		self.assertEqual(logged(f"the planning of {first} failed"), 1)


def failing_preparation(error, name):
	"""Let the mails of a mailing, or of the sequences of a campaign, be impossible to prepare."""
	whole = judge_store.without_unwanted

	def sometimes(mailing, *batch, **facts):
		if name in (mailing.name, mailing.campaign):
			raise error
		return whole(mailing, *batch, **facts)

	return patch.object(judge_store, "without_unwanted", sometimes)


def breaking_job(job_id):
	def sometimes(method, wanted, **options):
		if wanted == job_id:
			raise RuntimeError("planted")
		return enqueue_once(method, wanted, **options)

	return patch.object(sending, "enqueue_once", sometimes)
