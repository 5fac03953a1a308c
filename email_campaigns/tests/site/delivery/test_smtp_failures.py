"""The faults of a mail server at one mail, and their outcomes."""

import time

import frappe

from email_campaigns.tests.site.kits.builders import a_list, a_mailing, address, settings
from email_campaigns.tests.site.kits.failures import FIVE, THIRD, FailureTest
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.support.smtp_server import (
	DROP,
	HANG,
	KEEP_AND_DROP,
	KEEP_AND_HANG,
	RESET,
	drop_in_body,
)


class TestOneRecipient(FailureTest):
	def test_an_unknown_mailbox_fails_bounces_and_is_suppressed(self):
		self.send_with({"rcpt": {THIRD: "550 5.1.1 No such user here"}})
		status, reason = self.outcome_of(THIRD)
		self.assertEqual(status, "Failed")
		self.assertIn("No such user here", reason)
		self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Failed": 1})
		self.assertEqual(self.form(self.mailing).status, "Complete")
		self.assertNothingLost(self.mailing)
		log = frappe.get_all(
			"Campaign Log", {"source": self.mailing, "action": "Bounced"}, ["email", "details"]
		)
		self.assertEqual([row.email for row in log], [THIRD])
		self.assertIn("No such user here", log[0].details)
		self.assertEqual(frappe.db.get_value("Suppressed Email", {"email": THIRD}, "reason"), "Hard Bounce")

	def test_a_suppressed_address_is_skipped_by_the_next_mailing(self):
		self.send_with({"rcpt": {THIRD: "550 5.1.1 No such user here"}})
		second = self.send(a_mailing("Sending List"))
		self.assertEqual(self.ledger(second)[THIRD], ("Skipped", "Suppressed: Hard Bounce"))

	def test_a_refusal_for_another_reason_than_the_address_suppresses_nobody(self):
		self.send_with({"content": {THIRD: "554 5.7.1 Message refused as spam"}})
		self.assertEqual(self.outcome_of(THIRD)[0], "Failed")
		self.assertFalse(frappe.db.exists("Suppressed Email", {"email": THIRD}))
		self.assertNothingLost(self.mailing)

	def test_asked_to_come_back_it_comes_back_later(self):
		self.send_with({"rcpt": {THIRD: ["450 4.2.0 Greylisted, come back later"]}})
		status, reason = self.outcome_of(THIRD)
		self.assertEqual(status, "Queued")
		self.assertIn("Greylisted", reason)
		row = frappe.get_all(
			"Campaign Message", {"source": self.mailing, "email": THIRD}, ["send_after", "attempts"]
		)[0]
		self.assertEqual(row.attempts, 1)
		self.assertGreater(row.send_after, time.time() + 200)
		self.assertEqual(self.form(self.mailing).status, "In Process")
		self.go_on()
		self.assertEqual(self.outcome_of(THIRD)[0], "Queued", "it was tried before its time")
		self.due_again(self.mailing)
		self.go_on()
		self.assertEqual(self.outcome_of(THIRD), ("Sent", ""))
		self.assertEqual(self.form(self.mailing).status, "Complete")
		self.assertSentTo(self.mailing, FIVE)

	def test_it_is_given_up_after_so_many_attempts(self):
		settings(max_attempts=3)
		self.send_with({"rcpt": {THIRD: "450 4.2.0 Come back later"}})
		for _attempt in (2, 3):
			self.assertEqual(self.outcome_of(THIRD)[0], "Queued")
			self.due_again(self.mailing)
			self.go_on()
		status, reason = self.outcome_of(THIRD)
		self.assertEqual(status, "Failed")
		self.assertIn("Given up after 3 attempts", reason)
		self.assertFalse(frappe.db.exists("Suppressed Email", {"email": THIRD}))
		self.assertEqual(self.form(self.mailing).status, "Complete")
		self.assertNothingLost(self.mailing)

	def test_a_mailing_of_which_nothing_could_be_sent_has_failed(self):
		self.send_with({"rcpt": "550 5.1.1 No such user here"})
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.problem), ("Failed", "Not one mail could be sent."))
		self.assertEqual(form.failed_count, 5)
		self.assertNothingLost(self.mailing)


class TestBrokenConnections(FailureTest):
	def test_dropped_before_the_final_dot_it_is_sent_once_in_a_new_connection(self):
		for stage, answer in (
			("data", DROP),
			("data", RESET),
			("content", drop_in_body("421 4.3.2 Shutting down")),
		):
			with self.subTest(stage=stage, answer=answer):
				self.setUp()
				self.send_with({stage: {THIRD: [answer]}})
				self.assertEqual(self.server.connections, 2)
				self.assertSentTo(self.mailing, FIVE)
				self.assertEqual(self.statuses(self.mailing), {"Sent": 5})

	def test_dropped_after_the_final_dot_it_is_uncertain_and_never_sent_again(self):
		for answer, arrived in ((KEEP_AND_DROP, 1), (DROP, 0), (RESET, 0)):
			with self.subTest(answer=answer):
				self.setUp()
				self.send_with({"content": {THIRD: [answer]}})
				status, reason = self.outcome_of(THIRD)
				self.assertEqual(status, "Uncertain")
				self.assertIn("may have taken", reason)
				self.due_again(self.mailing)
				self.end_leases(self.mailing)
				self.go_on()
				self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Uncertain": 1})
				self.assertEqual(self.received().count(THIRD), arrived)
				self.assertEqual(self.form(self.mailing).status, "Complete")
				self.assertNothingLost(self.mailing)

	def test_a_silence_after_the_final_dot_is_the_same(self):
		self.impatient()
		self.send_with({"content": {THIRD: [KEEP_AND_HANG]}})
		status, reason = self.outcome_of(THIRD)
		self.assertEqual(status, "Uncertain")
		self.assertIn("did not answer within 0.5 seconds", reason)
		self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Uncertain": 1})
		self.assertNothingLost(self.mailing)

	def test_a_silence_before_it_is_a_matter_of_time(self):
		self.impatient()
		self.send_with({"rcpt": {THIRD: [HANG, HANG]}})
		self.assertEqual(self.outcome_of(THIRD)[0], "Queued")
		self.due_again(self.mailing)
		self.go_on()
		self.assertSentTo(self.mailing, FIVE)

	def test_a_server_that_always_breaks_off_pauses_the_mailing(self):
		self.impatient()
		self.send_with({"rcpt": DROP})
		self.assertPaused("broke the connection 3 times in a row")
		self.assertEqual(self.received(), [])
		self.assertNothingLost(self.mailing)
		self.serve()
		self.due_again(self.mailing)
		self.resume()
		self.assertSentTo(self.mailing, FIVE)

	def test_a_server_that_dies_in_mid_mailing(self):
		self.send_with({"mail": {3: DROP}, "banner": [None, "554 5.3.2 No more for today"]})
		self.assertPaused("No more for today")
		self.assertEqual(self.statuses(self.mailing), {"Sent": 2, "Queued": 3})
		self.assertNothingLost(self.mailing)
		earlier = self.received()
		self.serve()
		self.due_again(self.mailing)
		self.resume()
		self.assertEqual(sorted(earlier + self.received()), FIVE)
		self.assertEqual(self.statuses(self.mailing), {"Sent": 5})


class TestAwkwardAddresses(SendingTest):
	def test_a_unicode_local_part_where_the_server_takes_it(self):
		self.assertEqual(self.send_to("josé@sending.example"), ("Sent", ""))
		self.assertEqual(self.received(), ["josé@sending.example"])

	def test_a_unicode_local_part_where_the_server_does_not(self):
		self.serve(features=("PIPELINING", "8BITMIME"))
		status, reason = self.send_to("josé@sending.example")
		self.assertEqual(status, "Failed")
		self.assertIn("does not accept addresses with non-ASCII local part", reason)
		self.assertFalse(frappe.db.exists("Suppressed Email", {"email": "josé@sending.example"}))

	def test_an_internationalised_domain(self):
		self.serve(features=())
		self.addCleanup(self.forget, "%bcher-kva.example")
		self.assertEqual(self.send_to("jo@xn--bcher-kva.example"), ("Sent", ""))
		self.assertEqual(self.received(), ["jo@xn--bcher-kva.example"])

	def test_two_people_whom_the_collation_takes_for_one(self):
		both = [address("zoë"), address("zoe")]
		name = self.send(a_mailing(a_list(*both)))
		self.assertSentTo(name, both)

	def send_to(self, email):
		name = self.send(a_mailing(a_list(email)))
		self.assertNothingLost(name)
		return self.ledger(name)[email]

	def forget(self, pattern):
		frappe.db.delete("Campaign Log", {"email": ["like", pattern]})
		frappe.db.delete("Campaign Message", {"email": ["like", pattern]})
		frappe.db.commit()
