"""Whatever happens to a mail and its mailing, its copies (CC) end too, and none leaves before its mail."""

import time
from contextlib import ExitStack
from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.delivery import send_store
from email_campaigns.delivery.copies import rules
from email_campaigns.delivery.ledger.row import LATE_LEASE
from email_campaigns.delivery.sending import journal_store
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing.resend import resend_store, uncertain_store
from email_campaigns.tests.site.kits.builders import address, change, settings
from email_campaigns.tests.site.kits.copies import BOSS, KIM, LOU, CopiesTest, contacts
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.queue import empty_queues
from email_campaigns.tests.support.smtp_server import DROP, KEEP_AND_DROP


class PowerCut(BaseException):
	"""Ends a job at once, as a killed process does."""


class TestTheMailsFate(CopiesTest):
	def test_a_copy_never_leaves_before_its_mail(self):
		settings(batch_size=1)
		contacts(KIM, LOU, company_name=BOSS)
		self.send(self.mailing())
		seen = set()
		for mail in self.server.messages:
			if mail.recipients == (BOSS,):
				self.assertIn(mail.parsed["To"], seen)
			seen.add(mail.recipients[0])

	def test_refused_for_good(self):
		self.serve({"rcpt": {KIM: "550 5.1.1 No such user"}})
		contacts(KIM, LOU, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Sent", ""), (BOSS, "Skipped", rules.NOT_SENT)])
		self.assertEqual([entry.details for entry in self.log(name, "CC Skipped")], [rules.NOT_SENT])
		self.assertNothingOpen(name)

	def test_nothing_at_all_could_be_sent(self):
		self.serve({"rcpt": {KIM: "550 5.1.1 No such user"}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertNothingOpen(name, "Failed")

	def test_refused_for_the_time_being_they_wait(self):
		self.serve({"rcpt": {KIM: ["450 4.2.0 Later"]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Queued", "")])
		self.assertEqual(self.form(name).status, "In Process")
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s AND cc_of = 0", name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, [BOSS, KIM])
		self.assertNothingOpen(name)

	def test_suppressed_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		sending.tick()
		sending.freeze(name)
		suppress(KIM, reason="Unsubscribed", origin="test")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", rules.NOT_SENT)])
		self.assertNothingOpen(name, "Failed")

	def test_a_copy_suppressed_between_freeze_and_send(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		sending.tick()
		sending.freeze(name)
		suppress(BOSS, reason="Complaint", origin="test")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", "Suppressed: Complaint")])
		self.assertEqual([row.details for row in self.log(name, "CC Skipped")], ["Suppressed: Complaint"])
		self.assertNothingOpen(name)

	def test_uncertain(self):
		self.serve({"content": {1: [KEEP_AND_DROP]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", rules.UNSURE)])
		self.assertNothingOpen(name)

	def test_uncertain_until_somebody_says_that_it_arrived(self):
		self.serve({"content": {1: [KEEP_AND_DROP]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		uncertain_store.mark_arrived(name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, [BOSS, KIM])
		self.assertNothingOpen(name)

	def test_uncertain_and_sent_again(self):
		self.serve({"content": {1: [DROP]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		uncertain_store.resend_uncertain(name)
		frappe.db.commit()
		self.assertEqual(self.copies(name), [(BOSS, "Queued", "")])
		self.go_on()
		self.assertSentTo(name, [BOSS, KIM])
		self.assertNothingOpen(name)

	def test_failed_and_sent_again(self):
		self.serve({"content": {1: ["554 5.7.1 Not this"]}})
		contacts(KIM, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.copies(name), [(BOSS, "Skipped", rules.NOT_SENT)])
		(row,) = [row for row in self.rows(name) if not row.cc_of]
		resend_store.resend_mail(row.name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, [BOSS, KIM])
		self.assertNothingOpen(name)

	def test_cancelled_in_mid_batch(self):
		emails = [address(f"k{number}") for number in range(6)]
		contacts(*emails, company_name=BOSS)
		name = self.mailing()
		self.at_mail(3, lambda: mass_email.cancel(name, "Wrong price"))
		self.send(name)
		self.assertEqual(self.received(), emails[:3])
		self.assertEqual(self.copies(name), [(BOSS, "Cancelled", "Cancelled: Wrong price")] * 6)
		self.assertNothingOpen(name, "Cancelled")

	def test_cancelled_while_a_batch_that_settles_holds_its_copies(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		sending.tick()
		sending.freeze(name)
		copy = frappe.db.get_value("Campaign Message", {"source": name, "cc_of": (">", 0)})
		with OtherConnection() as other:
			# Its next step asks for the mailing, which whoever cancels holds. The number of the copy locks no
			# other row.
			self.assertEqual(other.hold("Campaign Message", "name = %s", copy), 1)
			hasty()
			mass_email.cancel(name, "Wrong price")
			frappe.db.commit()
			self.assertEqual(self.statuses(name), {"Cancelled": 1, "Queued": 1})
		self.go_on()
		self.assertEqual(self.copies(name), [(BOSS, "Cancelled", "Cancelled: Wrong price")])
		self.assertNothingOpen(name, "Cancelled")

	def test_past_the_deadline(self):
		settings(hourly_limit=3)
		contacts(KIM, LOU, company_name=BOSS)
		name = self.send(self.mailing())
		self.assertEqual(self.statuses(name), {"Sent": 3, "Queued": 1})
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 3, "Expired": 1})
		self.assertNothingOpen(name)

	def test_they_count_in_the_hourly_limit(self):
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		settings(hourly_limit=3)
		contacts(*[address(f"k{number}") for number in range(4)], company_name=BOSS)
		name = self.send(self.mailing())
		self.go_on()
		self.assertEqual((len(self.received()), self.form(name).status), (3, "In Process"))
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 1 WHERE source = %s", name)
		frappe.db.commit()
		settings(hourly_limit=4)
		self.go_on()
		self.assertEqual(len(self.received()), 7)
		self.assertNothingLost(name)


class TestKilledWorker(CopiesTest):
	def dies_at(self, number):
		"""Let the process die at one call of the journal, so that its batch is not settled either."""
		journal, settle = journal_store.LedgerJournal.advance_all, send_store.SendJob.settle
		calls, dead = iter(range(number)), []

		def advance(*arguments):
			if not dead and next(calls, None) is None:
				dead.append(True)
				raise PowerCut
			return journal(*arguments)

		def not_when_dead(sending):
			if not dead:
				settle(sending)

		stack = ExitStack()
		stack.enter_context(self.assertRaises(PowerCut))
		stack.enter_context(patch.object(journal_store.LedgerJournal, "advance_all", advance))
		stack.enter_context(patch.object(send_store.SendJob, "settle", not_when_dead))
		return stack

	def test_at_any_mail_nothing_is_left_open(self):
		contacts(*[address(f"k{number}") for number in range(3)], company_name=BOSS)
		# Three mails and their last write to the journal, then as much for the copies.
		for number in range(8):
			with self.subTest(number=number):
				self.serve()
				name = self.start(self.mailing())
				with self.dies_at(number):
					self.go_on()
				frappe.db.rollback()
				self.end_leases(name)
				empty_queues()
				self.go_on()
				self.assertNothingOpen(name)
				self.assertEqual(len(self.rows(name)), 6)

	def stalls_past_its_lease(self, name):
		"""Let the job stall before the journal has its first mail, until others have recovered its batch."""
		advance, calls = journal_store.LedgerJournal.advance_all, []

		def stalled(journal, steps):
			calls.append(steps)
			if len(calls) == 2:
				self.end_leases(name)
				sending.recover(int(time.time()))
			return advance(journal, steps)

		return patch.object(journal_store.LedgerJournal, "advance_all", stalled)

	def test_a_batch_that_comes_back_after_its_lease_releases_its_copies(self):
		contacts(KIM, LOU, company_name=BOSS)
		name = self.start(self.mailing())
		with self.stalls_past_its_lease(name):
			self.go_on()
		self.go_on()
		self.assertSentTo(name, [BOSS, BOSS, KIM, LOU])
		self.assertNothingOpen(name)

	def test_a_mail_proved_late_by_a_job_that_dies_releases_its_copies(self):
		contacts(KIM, LOU, company_name=BOSS)
		name = self.start(self.mailing())
		with (
			self.stalls_past_its_lease(name),
			patch.object(send_store.SendJob, "settle", side_effect=PowerCut),
			self.assertRaises(PowerCut),
		):
			self.go_on()
		frappe.db.rollback()
		late = frappe.get_all(
			"Campaign Message", {"source": name, "status": "Sent"}, ["email", "lease_until"]
		)
		self.assertEqual([(row.email, row.lease_until) for row in late], [(KIM, LATE_LEASE)])
		self.assertEqual((self.form(name).sent_count, self.form(name).uncertain_count), (0, 1))
		empty_queues()
		self.go_on()
		self.go_on()
		self.assertSentTo(name, [BOSS, BOSS, KIM, LOU])
		self.assertNothingOpen(name)
