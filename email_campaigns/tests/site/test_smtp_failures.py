"""A mail server, or the account at it, misbehaves: each mail ends in the right state, with a reason to read."""

import socket
import time

import frappe

from email_campaigns.tests.site.kit import (
	ACCOUNT,
	SendingTest,
	a_list,
	a_mailing,
	address,
	addresses,
	change,
	remove_account,
	settings,
)
from email_campaigns.tests.smtp_server import (
	ACCEPT,
	DROP,
	DROP_IN_BODY,
	HANG,
	KEEP_AND_DROP,
	KEEP_AND_HANG,
	RESET,
	drop_in_body,
)

FIVE = addresses(5)
THIRD = FIVE[2]


class FailureTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.mailing = a_mailing(a_list(*FIVE))

	def send_with(self, script, **options):
		self.serve(script, **options)
		self.send(self.mailing)

	def repair(self):
		"""Let the server work again, and go on."""
		self.serve()
		self.go_on()

	def assertPaused(self, *words):
		form = self.form(self.mailing)
		self.assertEqual(form.status, "Paused", form.problem)
		for word in words:
			self.assertIn(word, form.problem)

	def resume(self):
		from email_campaigns.api import desk

		desk.resume(self.mailing)
		frappe.db.commit()
		self.go_on()

	def outcome_of(self, email):
		return self.ledger(self.mailing)[email]


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
	def test_dropped_before_the_final_dot_it_is_sent_once_later(self):
		for stage, answer in (
			("data", DROP),
			("data", RESET),
			("content", drop_in_body("421 4.3.2 Shutting down")),
		):
			with self.subTest(stage=stage, answer=answer):
				self.setUp()
				self.send_with({stage: {THIRD: [answer]}})
				self.assertEqual(self.outcome_of(THIRD)[0], "Queued")
				self.due_again(self.mailing)
				self.go_on()
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
		self.send_with({"rcpt": {THIRD: [HANG]}})
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


class TestAccounts(FailureTest):
	def goes_on_after_repair(self, **options):
		self.serve(**options)
		self.resume()
		self.assertEqual(self.form(self.mailing).problem or "", "")
		self.assertSentTo(self.mailing, FIVE)

	def test_a_port_where_nothing_listens(self):
		with socket.socket() as free:
			free.bind(("127.0.0.1", 0))
			change("Email Account", ACCOUNT, smtp_port=free.getsockname()[1])
		self.send(self.mailing)
		self.assertPaused(ACCOUNT, "nothing accepts connections")
		self.assertNothingLost(self.mailing)
		self.goes_on_after_repair()

	def test_a_server_that_never_greets(self):
		self.impatient()
		self.send_with({"banner": HANG})
		self.assertPaused(ACCOUNT, "did not answer")
		self.goes_on_after_repair()

	def test_a_refused_login(self):
		self.addCleanup(remove_account)
		self.serve({"auth": "535 5.7.8 Wrong password"}, logins={"news": "secret"})
		account = frappe.get_doc("Email Account", ACCOUNT)
		account.update({"no_smtp_authentication": 0, "password": "wrong"})
		account.flags.ignore_validate = True
		account.save()
		frappe.db.commit()
		self.send(self.mailing)
		self.assertPaused(ACCOUNT, "Wrong password")
		self.assertEqual(self.received(), [])
		self.goes_on_after_repair(logins={address("news"): "wrong"})

	def test_no_password(self):
		self.serve(logins={"news": "secret"})
		change("Email Account", ACCOUNT, no_smtp_authentication=0)
		self.send(self.mailing)
		self.assertPaused("Authentication required")
		self.goes_on_after_repair()

	def test_no_server_name(self):
		change("Email Account", ACCOUNT, smtp_server="")
		self.send(self.mailing)
		self.assertPaused(ACCOUNT)
		self.goes_on_after_repair()

	def test_a_refused_sender(self):
		self.send_with({"mail": "550 5.7.1 Sender address rejected: not owned by user"})
		self.assertPaused("not owned by user")
		self.assertEqual(self.statuses(self.mailing), {"Queued": 5})
		self.goes_on_after_repair()

	def test_an_account_disabled_before_it_starts_refuses_the_button(self):
		change("Email Account", ACCOUNT, enable_outgoing=0)
		with self.assertRaisesRegex(frappe.ValidationError, "not enabled for outgoing"):
			self.start(self.mailing)
		self.assertEqual(self.form(self.mailing).status, "Draft")

	def test_an_account_disabled_after_the_button(self):
		self.start(self.mailing)
		change("Email Account", ACCOUNT, enable_outgoing=0)
		self.go_on()
		self.assertPaused(ACCOUNT, "not enabled for outgoing")
		self.goes_on_after_repair()

	def test_an_account_disabled_in_mid_mailing(self):
		self.send_with({"rcpt": {THIRD: ["450 4.2.0 Come back later"]}})
		change("Email Account", ACCOUNT, enable_outgoing=0)
		self.due_again(self.mailing)
		self.go_on()
		self.assertPaused(ACCOUNT, "not enabled for outgoing")

	def test_the_address_of_the_account_is_none(self):
		change("Email Account", ACCOUNT, email_id="not an address")
		with self.assertRaisesRegex(frappe.ValidationError, "no valid address"):
			self.start(self.mailing)


class TestLongWay(FailureTest):
	def test_many_faults_in_one_mailing(self):
		"""Whatever comes, the sum of all ends is what was planned, and nobody gets two."""
		self.impatient(0.3)
		everybody = addresses(40)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.serve(
			{
				"rcpt": {
					everybody[3]: "550 5.1.1 Unknown user",
					everybody[7]: ["451 4.3.0 Try again"],
					everybody[12]: [HANG],
				},
				"content": {
					everybody[16]: [KEEP_AND_DROP],
					everybody[20]: [DROP_IN_BODY],
					everybody[25]: "554 5.6.0 Refused",
					everybody[30]: [DROP],
				},
				"mail": {35: DROP},
			}
		)
		settings(batch_size=7)
		self.send(name)
		for _round in range(6):
			self.assertNothingLost(name)
			if self.form(name).status == "Complete":
				break
			self.due_again(name)
			self.go_on()
		self.assertEqual(self.form(name).status, "Complete", self.form(name).problem)
		self.assertEqual(self.statuses(name), {"Sent": 35, "Failed": 2, "Uncertain": 3})
		self.assertEqual(set(everybody) - set(self.received()), {everybody[i] for i in (3, 20, 25, 30)})

	def test_a_server_that_takes_one_connection_is_sent_to_over_one(self):
		settings(sessions_per_job=4)
		everybody = addresses(60)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.serve({"banner": [ACCEPT, *["421 4.3.2 Too many connections"] * 20]})
		self.send(name)
		self.assertEqual((self.form(name).status, self.statuses(name)), ("Complete", {"Sent": 60}))
		self.assertEqual(self.received(), everybody)

	def test_the_same_over_several_sessions(self):
		settings(sessions_per_job=4, batch_size=50)
		everybody = addresses(60)
		name = a_mailing(a_list(*everybody, title="Sending Long List"))
		self.serve({"content": {everybody[i]: [KEEP_AND_DROP] for i in (10, 30, 50)}})
		self.send(name)
		self.assertEqual(self.statuses(name), {"Sent": 57, "Uncertain": 3})
		self.assertEqual(self.received(), everybody)
		self.assertNothingLost(name)


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
