"""What holds mail back is seen while a batch is under way, and by claims that nobody has recovered yet."""

from threading import Thread
from unittest.mock import patch

import frappe
from frappe.installer import update_site_config

from email_campaigns.delivery import send_store
from email_campaigns.delivery.ledger import claims_store
from email_campaigns.delivery.sending import journal_store
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import SETTINGS, a_list, a_mailing, addresses, settings
from email_campaigns.tests.site.kits.queue import elsewhere, empty_queues, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

HUNDRED = addresses(100)


class HoldTest(SendingTest):
	def setUp(self):
		super().setUp()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		frappe.db.commit()

	def ready(self, emails):
		"""Return a mailing whose mails are ready to leave, and in no batch."""
		name = self.start(a_mailing(a_list(*emails)))
		sending.tick()
		sending.freeze(name)
		empty_queues()  # of the tick, which would recover what a test has planted
		return name

	def look_at_each_mail(self):
		self.look_every(0)

	def look_every(self, seconds):
		looking = patch.object(send_store, "LOOK_SECONDS", seconds)
		looking.start()
		self.addCleanup(looking.stop)


class TestUnrecoveredClaims(HoldTest):
	def test_an_ended_lease_is_reserved_until_it_is_recovered(self):
		settings(hourly_limit=50)
		name = self.ready(HUNDRED)
		for status, number in (("Sending", 1), ("Queued", 49)):
			frappe.db.sql(
				"""UPDATE `tabCampaign Message` SET claim = 'stalled', lease_until = 1, status = %s
				WHERE source = %s AND claim = '' ORDER BY name LIMIT %s""",
				(status, name, number),
			)
		frappe.db.commit()
		sending.top_up()
		work_off()
		self.assertEqual(self.received(), [], "more could leave than the limit has left")
		self.go_on()
		self.assertEqual(self.statuses(name), {"Uncertain": 1, "Sent": 49, "Queued": 50})

	def test_a_stalled_batch_and_other_jobs_stay_below_the_limit_together(self):
		settings(hourly_limit=50, batch_size=20, parallel_jobs=3)
		name = self.ready(HUNDRED)
		site, advance, calls = frappe.local.site, journal_store.LedgerJournal.advance_all, []

		def others_work():
			self.end_leases(name)
			sending.top_up()
			work_off()

		def stalled(journal, steps):
			calls.append(steps)
			if len(calls) == 5:
				in_thread(site, others_work)
			return advance(journal, steps)

		with patch.object(journal_store.LedgerJournal, "advance_all", stalled):
			sending.top_up()
			work_off()
		self.go_on()
		self.assertLessEqual(len(self.received()), 50)
		self.assertNothingLost(name)

	def test_the_lease_outlasts_a_batch_and_the_slowest_answer(self):
		self.assertGreaterEqual(claims_store.ANSWER_RESERVE, 600 + 180, "RFC 5321, section 4.5.3.2")
		self.assertGreaterEqual(claims_store.LEASE, sending.BATCH_SECONDS + claims_store.ANSWER_RESERVE)


class TestLoweredLimits(HoldTest):
	def test_a_limit_saved_in_mid_batch_holds_for_the_batch(self):
		self.look_at_each_mail()
		name = self.ready(HUNDRED)
		self.at_mail(10, lambda: settings(hourly_limit=40))
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 40, "Queued": 60})
		self.assertEqual(len(self.received()), 40)

	def test_one_below_what_has_left_stops_the_batch_at_once(self):
		self.look_at_each_mail()
		self.ready(HUNDRED)
		self.at_mail(10, lambda: settings(hourly_limit=5))
		self.go_on()
		# The envelope of one more mail may be on its way, so it is one of those that had left.
		self.assertLessEqual(len(self.received()), 11)

	def test_the_next_claim_of_the_same_job_sees_it(self):
		self.look_every(3600)
		settings(batch_size=20)
		name = self.ready(HUNDRED)
		self.at_mail(5, lambda: settings(hourly_limit=40))
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 40, "Queued": 60})

	def test_a_smaller_batch_holds_from_the_next_claim_on(self):
		settings(batch_size=20)
		name, claimed = self.ready(addresses(40)), []
		self.at_mail(5, lambda: settings(batch_size=7))
		claim = claims_store.claim

		def noted(queue, size, *arguments):
			claimed.append(size)
			return claim(queue, size, *arguments)

		with patch.object(claims_store, "claim", noted):
			self.go_on()
		self.assertEqual(claimed[:3], [20, 7, 7])
		self.assertSentTo(name, addresses(40))

	def test_a_rate_of_a_domain_holds_too(self):
		self.look_at_each_mail()
		name = self.ready(HUNDRED)
		self.addCleanup(self.set_rates)
		self.at_mail(10, lambda: self.set_rates(("sending.example", 30)))
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 30, "Queued": 70})

	@staticmethod
	def set_rates(*rates):
		doc = frappe.get_doc(SETTINGS)
		doc.set("domain_rates", [{"domain": domain, "hourly_rate": rate} for domain, rate in rates])
		doc.save()
		frappe.db.commit()

	def test_a_higher_limit_interrupts_nothing(self):
		self.look_at_each_mail()
		settings(hourly_limit=1000)
		name = self.ready(HUNDRED)
		self.at_mail(10, lambda: settings(hourly_limit=2000))
		settled = []
		settle = send_store.SendJob.settle

		def noted(job):
			settled.append(len(job.rows))
			return settle(job)

		with patch.object(send_store.SendJob, "settle", noted):
			self.go_on()
		self.assertEqual(settled, [100])
		self.assertSentTo(name, HUNDRED)


class TestSwitchesInMidBatch(HoldTest):
	def stops_at(self, switch_on, switch_off):
		self.look_at_each_mail()
		name = self.ready(HUNDRED)
		self.addCleanup(switch_off)
		self.at_mail(10, switch_on)
		self.go_on()
		self.assertLessEqual(len(self.received()), 11)
		self.assertEqual(self.form(name).status, "In Process")
		self.assertNothingLost(name)
		switch_off()
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, HUNDRED)

	def test_muted_mail(self):
		self.stops_at(
			lambda: update_site_config("mute_emails", 1), lambda: update_site_config("mute_emails", 0)
		)

	def test_a_suspended_queue(self):
		self.stops_at(lambda: suspend(1), lambda: suspend(0))

	def test_maintenance(self):
		self.stops_at(
			lambda: update_site_config("maintenance_mode", 1),
			lambda: update_site_config("maintenance_mode", 0),
		)


class TestFencedBatch(HoldTest):
	def test_it_stops_at_once_and_opens_no_connection_for_each_mail_that_is_left(self):
		self.look_at_each_mail()
		name = self.ready(HUNDRED)
		self.at_mail(10, lambda: self.take_back(name))
		with patch.object(send_store.transport, "connect", wraps=send_store.transport.connect) as connects:
			self.go_on()
		self.assertLessEqual(connects.call_count, 4)
		self.assertSentTo(name, HUNDRED)

	def take_back(self, name):
		self.end_leases(name)
		sending.recover(2)


def in_thread(site, action):
	thread = Thread(target=elsewhere, args=(site, action))
	thread.start()
	thread.join()


def suspend(value):
	frappe.db.set_default("suspend_email_queue", value)
	frappe.db.commit()


class TestLookAmongOpeningSessions(HoldTest):
	def test_it_waits_while_a_session_reads_the_account_over_the_same_connection(self):
		settings(sessions_per_job=8)
		self.look_at_each_mail()
		self.assertSentTo(self.send(a_mailing(a_list(*HUNDRED))), HUNDRED)
