"""The figures on a form are those of the ledger, whatever stalls, is cancelled or fails meanwhile."""

from threading import Thread
from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.sending import journal_store
from email_campaigns.jobs import sending, upkeep
from email_campaigns.results import store as results
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, change
from email_campaigns.tests.site.kits.queue import elsewhere, empty_queues, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

FORTY = addresses(40)


class FigureTest(SendingTest):
	def meanwhile(self, number, action):
		"""Let something happen in another process while the journal is about to write for the n-th time."""
		site, advance, calls = frappe.local.site, journal_store.LedgerJournal.advance_all, []

		def stalled(journal, steps):
			calls.append(steps)
			if len(calls) == number:
				thread = Thread(target=elsewhere, args=(site, action))
				thread.start()
				thread.join()
			return advance(journal, steps)

		patched = patch.object(journal_store.LedgerJournal, "advance_all", stalled)
		patched.start()
		self.addCleanup(patched.stop)

	def assertFigures(self, name):
		self.assertNothingLost(name)
		frappe.db.rollback()
		self.assertEqual(counts_store.compare_counts(name), {})


class TestStalledBatch(FigureTest):
	def test_one_that_comes_back_after_another_job_has_sent_the_rest(self):
		name = self.start(a_mailing(a_list(*FORTY)))

		def others_work():
			self.end_leases(name)
			empty_queues()
			self.go_on()

		self.meanwhile(5, others_work)
		self.go_on()
		self.assertEqual(self.form(name).status, "Complete")
		self.assertEqual((self.form(name).sent_count, self.form(name).uncertain_count), (40, 0))
		self.assertEqual(results.counts(name).sent, 40)
		self.assertFigures(name)

	def test_a_mail_proved_late_counts_as_uncertain_until_its_batch_is_settled(self):
		name = self.start(a_mailing(a_list(*FORTY)))
		found = []

		def recover_then_recount():
			self.end_leases(name)
			sending.recover(2)

		def recount():
			frappe.db.rollback()
			found.append((self.statuses(name)["Sent"], counts_store.compare_counts(name)))

		self.meanwhile(5, recover_then_recount)
		settle = sending.send_store.SendJob.settle

		def settle_later(job):
			thread = Thread(target=elsewhere, args=(frappe.local.site, recount))
			thread.start()
			thread.join()
			return settle(job)

		with patch.object(sending.send_store.SendJob, "settle", settle_later):
			self.go_on()
		self.assertEqual(found[0], (4, {}), "a count in between would be counted twice")
		self.go_on()
		self.assertFigures(name)


class TestCancelled(FigureTest):
	def test_in_mid_batch(self):
		name = self.start(a_mailing(a_list(*FORTY)))
		self.meanwhile(5, lambda: mass_email.cancel(name, "Wrong date"))
		self.go_on()
		self.assertEqual(self.form(name).status, "Cancelled")
		self.assertFigures(name)

	def test_a_mail_that_is_queued_again_ends_with_the_reason_at_the_next_tick(self):
		name = self.start(a_mailing(a_list(*FORTY)))
		sending.tick()
		sending.freeze(name)
		mass_email.cancel(name, "Wrong date")
		self.queue_again(name, 2)
		self.go_on()
		ends = {reason for _email, status, reason in self.ends(name) if status == "Cancelled"}
		self.assertEqual((self.statuses(name), ends), ({"Cancelled": 40}, {"Cancelled: Wrong date"}))
		self.assertFigures(name)

	def test_so_does_one_of_a_complete_mailing(self):
		name = self.send(a_mailing(a_list(*FORTY)))
		frappe.db.sql("UPDATE `tabCampaign Message` SET status = 'Failed' WHERE source = %s LIMIT 2", name)
		self.queue_again(name, 2, "Failed")
		frappe.db.commit()
		counts_store.recount_mails(name)
		self.go_on()
		numbers = self.statuses(name)
		self.assertEqual((numbers, self.form(name).status), ({"Sent": 38, "Cancelled": 2}, "Complete"))
		self.assertEqual(counts_store.compare_counts(name), {})

	def test_one_that_a_person_queues_again_is_sent(self):
		name = self.start(a_mailing(a_list(*FORTY)))
		sending.tick()
		self.assertEqual(sending.status_store.ended_with_queued(), [])
		work_off()
		self.assertSentTo(name, FORTY)

	@staticmethod
	def queue_again(name, number, status="Cancelled"):
		"""Queue some mails as the journal does when the server has answered 451."""
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET status = 'Queued', reason = '451 later'
			WHERE source = %s AND status = %s LIMIT %s""",
			(name, status, number),
		)
		frappe.db.sql(
			"UPDATE `tabMass Email` SET cancelled_count = cancelled_count - %s WHERE name = %s",
			(number if status == "Cancelled" else 0, name),
		)
		frappe.db.commit()


class TestProof(FigureTest):
	def test_it_covers_mails_and_reports_what_was_wrong(self):
		name = self.send(a_mailing(a_list(*FORTY)))
		change("Mass Email", name, sent_count=1, planned_count=39)
		upkeep.prove_counts()
		self.assertFigures(name)
		(entry,) = frappe.get_all("Error Log", {"reference_name": name}, ["error"])
		self.assertIn("sent_count: stored 1, counted 40", entry.error)
		self.assertIn("planned_count: stored 39, counted 40", entry.error)

	def test_one_that_fails_stops_no_other(self):
		names = [self.send(a_mailing(a_list(*FORTY))) for _mailing in range(2)]
		for name in names:
			change("Mass Email", name, sent_count=1)
		compare = counts_store.compare_counts

		def broken(name):
			if name == min(names):
				raise RuntimeError("planted")
			return compare(name)

		with patch.object(counts_store, "compare_counts", broken):
			upkeep.prove_counts()
		self.assertEqual(counts_store.compare_counts(max(names)), {})
		self.assertEqual(self.form(max(names)).sent_count, 40)
