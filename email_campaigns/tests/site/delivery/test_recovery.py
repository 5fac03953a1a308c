"""Jobs end anywhere, queues are lost, the database says no: nothing is lost and nothing is sent twice.

Processes that are really killed are in tests/site/faults.
"""

import time
from unittest.mock import patch

import frappe

from email_campaigns.audience.lists import members_store
from email_campaigns.delivery import send_store
from email_campaigns.delivery.sending import journal_store
from email_campaigns.delivery.sending.send_loop import SendLoop
from email_campaigns.delivery.smtp.session import Session
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, settings
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.queue import (
	empty_queues,
	run_job,
	waiting_jobs,
	work_off,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest, the_bench

HUNDRED = addresses(100)


class PowerCut(BaseException):
	"""Ends a job at once, as a killed process does: none of the app's clean-up runs."""


class TestRealWorker(SendingTest):
	def test_everything_arrives(self):
		name = self.start(a_mailing(a_list(*HUNDRED)))
		the_bench().run_jobs()
		self.assertSentTo(name, HUNDRED)
		self.assertEqual(self.form(name).status, "Complete")


class TestPowerCuts(SendingTest):
	"""The job ends at one exact place, over and over."""

	def cut(self, target, method, *, after=0):
		"""Let the call number `after` + 1 of a method be the moment of the power cut."""
		whole, calls = getattr(target, method), iter(range(after))

		def cut_off(*arguments, **options):
			if next(calls, None) is None:
				raise PowerCut
			return whole(*arguments, **options)

		return patch.object(target, method, cut_off)

	def start_and_cut(self, target, method, *, after=0):
		self.name = self.start(a_mailing(a_list(*addresses(10))))
		with (
			self.cut(target, method, after=after),
			patch.object(send_store.SendJob, "settle"),
			self.assertRaises(PowerCut),
		):
			self.go_on()
		frappe.db.rollback()

	def recover(self):
		self.end_leases(self.name)
		empty_queues()
		self.go_on()

	def assertRecovers(self, uncertain):
		self.recover()
		numbers = {"Sent": 10 - uncertain} | ({"Uncertain": uncertain} if uncertain else {})
		self.assertEqual(self.statuses(self.name), numbers)
		self.assertEqual(self.form(self.name).status, "Complete")
		self.assertNothingLost(self.name)

	def test_before_the_first_mail(self):
		self.start_and_cut(SendLoop, "_take")
		self.assertRecovers(uncertain=0)
		self.assertEqual(self.received(), addresses(10))

	def test_before_the_journal_is_written(self):
		self.start_and_cut(journal_store.LedgerJournal, "advance_all", after=4)
		self.assertEqual(self.statuses(self.name), {"Sent": 3, "Sending": 1, "Queued": 6})
		self.assertRecovers(uncertain=1)
		self.assertEqual(self.received(), addresses(10))

	def test_after_the_journal_and_before_the_mail(self):
		self.start_and_cut(Session, "transmit", after=4)
		self.assertEqual(self.statuses(self.name), {"Sent": 4, "Sending": 1, "Queued": 5})
		self.assertRecovers(uncertain=1)
		self.assertEqual(len(self.received()), 9)

	def test_after_the_last_mail_and_before_settling(self):
		self.start_and_cut(SendLoop, "_settle_accepted")
		self.assertRecovers(uncertain=1)

	def test_a_bounce_is_not_forgotten_when_the_batch_is_never_settled(self):
		third = addresses(10)[2]
		self.serve({"rcpt": {third: "550 5.1.1 No such user"}})
		self.start_and_cut(journal_store.LedgerJournal, "advance_all", after=6)
		self.recover()
		suppressed = frappe.db.get_value("Suppressed Email", {"email": third}, ["reason", "refusal"])
		self.assertEqual(suppressed, ("Hard Bounce", "5 5.1.1 no such user"))
		self.assertEqual(
			frappe.get_all("Campaign Log", {"source": self.name, "action": "Bounced"}, pluck="email"), [third]
		)
		self.assertNothingLost(self.name)

	def test_while_freezing_between_two_slices(self):
		everybody = addresses(25)
		for after in (1, 2, 3):
			with self.subTest(slices=after), patch.object(members_store.read_slice, "__defaults__", (7,)):
				name = self.start(a_mailing(a_list(*everybody)))
				with self.cut(members_store, "read_slice", after=after), self.assertRaises(PowerCut):
					self.go_on()
				frappe.db.rollback()
				self.assertEqual(sum(self.statuses(name).values()), 7 * after)
				self.assertEqual(self.form(name).sent_count, 0)
				empty_queues()
				self.go_on()
				self.assertEqual(self.statuses(name), {"Sent": 25})

	def test_a_stalled_batch_that_comes_back_after_its_lease_sends_nothing_more(self):
		name = self.start(a_mailing(a_list(*addresses(10))))
		advance, calls = journal_store.LedgerJournal.advance_all, []

		def stalled(journal, steps):
			calls.append(steps)
			if len(calls) == 5:
				self.end_leases(name)
				sending.recover(int(time.time()))
			return advance(journal, steps)

		with patch.object(journal_store.LedgerJournal, "advance_all", stalled):
			self.go_on()
		self.assertNothingLost(name)
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 10})
		self.assertEqual(self.received(), addresses(10))

	def test_a_deadlock_in_the_journal_is_tried_again(self):
		name = self.start(a_mailing(a_list(*addresses(5))))
		init, failures = journal_store.LedgerJournal.__init__, [1213, 1205, 1213]

		def with_a_bad_cursor(journal, *arguments):
			init(journal, *arguments)
			execute = journal.cursor.execute

			def sometimes(*statement):
				if failures:
					raise frappe.db.OperationalError(failures.pop(), "try restarting transaction")
				return execute(*statement)

			journal.cursor.execute = sometimes

		with patch.object(journal_store.LedgerJournal, "__init__", with_a_bad_cursor):
			self.go_on()
		self.assertEqual(failures, [])
		self.assertSentTo(name, addresses(5))


class TestSettling(SendingTest):
	"""A batch does not wait for the end of its lease because its last transaction has failed."""

	def settled(self, name: str, calls: list) -> None:
		self.assertEqual(len(calls), 2)
		self.assertSentTo(name, addresses(5))
		self.assertEqual(self.form(name).status, "Complete")

	def test_a_deadlock_is_tried_again_and_counts_once(self):
		name = self.start(a_mailing(a_list(*addresses(5))))
		count, calls = send_store._count_ends, []

		def with_a_deadlock(ended, **options):
			count(ended, **options)
			calls.append(ended)
			if len(calls) == 1:
				raise frappe.QueryDeadlockError

		with patch.object(send_store, "_count_ends", with_a_deadlock):
			self.go_on()
		self.settled(name, calls)

	def test_a_mailing_that_is_held_too_long(self):
		name = self.start(a_mailing(a_list(*addresses(5))))
		settle, calls = send_store.SendJob.settle, []
		hasty()
		self.addCleanup(hasty, 50)
		with OtherConnection() as other:
			self.at_mail(5, lambda: other.hold("Mass Email", "name = %s", name))

			def counted(job):
				calls.append(job)
				if len(calls) == 2:
					other.release()
				settle(job)

			with patch.object(send_store.SendJob, "settle", counted):
				self.go_on()
		self.settled(name, calls)


class TestLostQueue(SendingTest):
	def test_redis_is_emptied_in_mid_mailing(self):
		settings(batch_size=3)
		name = self.start(a_mailing(a_list(*addresses(10))))
		while not self.server.messages:
			self.assertTrue(waiting_jobs())

			run_job(waiting_jobs()[0])
		empty_queues()
		self.go_on()
		self.assertSentTo(name, addresses(10))

	def test_a_second_tick_enqueues_nothing_twice(self):
		name = self.start(a_mailing(a_list(*addresses(10))))
		empty_queues()
		for _tick in range(3):
			sending.tick()
		self.assertEqual(waiting_jobs(), [f"ec-freeze-{name}"])
		sending.freeze(name)
		empty_queues()
		for _tick in range(3):
			sending.tick()
			sending.top_up()
		self.assertEqual(waiting_jobs(), [f"ec-page-{name}-0-0"])
		work_off()
		self.assertSentTo(name, addresses(10))

	def test_parallel_jobs_share_the_mails(self):
		settings(batch_size=4, parallel_jobs=3)
		name = self.start(a_mailing(a_list(*addresses(20))))
		sending.tick()
		sending.freeze(name)
		self.assertEqual(len([job for job in waiting_jobs() if "page" in job]), 3)
		work_off()
		self.assertSentTo(name, addresses(20))

	def test_a_second_freeze_plans_nobody(self):
		name = self.start(a_mailing(a_list(*addresses(10))))
		sending.tick()
		sending.freeze(name)
		a_list("late@sending.example")
		frappe.db.commit()
		sending.freeze(name)
		self.assertEqual(self.statuses(name), {"Queued": 10})
