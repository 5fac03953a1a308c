"""A mail server that refuses everybody: nobody is used up, and what passes by itself goes on by itself."""

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.sending import hold_store
from email_campaigns.delivery.sending.breaker import SAME_LIMITS
from email_campaigns.delivery.sending.hold_store import AccountBook
from email_campaigns.delivery.sending.runs import Run
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.channel import Timeouts
from email_campaigns.delivery.smtp.replies import ReplyMeaning
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import (
	ACCOUNT,
	a_contact,
	a_list,
	a_mailing,
	addresses,
	an_app_document,
	change,
	settings,
)
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.failures import FailureTest
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.support.smtp_server import DROP, KEEP_AND_DROP, ScriptedServer, Slow

OTHER = "Sending Other Account"
FORTY = addresses(40)
FEW = 10  # refusals that nobody notices


def another_account(test, name):
	"""Make a copy of the tests' Email Account for one test."""

	def remove():
		frappe.db.rollback()
		frappe.db.delete("Email Account", {"email_id": "other@sending.example"})
		frappe.db.commit()

	remove()
	test.addCleanup(remove)
	account = frappe.copy_doc(frappe.get_doc("Email Account", ACCOUNT))
	account.update({"email_account_name": name, "email_id": "other@sending.example"})
	account.flags.ignore_validate = True
	account.insert()


class TestEverybody(FailureTest):
	def setUp(self):
		super().setUp()
		frappe.db.delete("Sending Hold")  # of an earlier part of the same test
		self.mailing = a_mailing(a_list(*FORTY, title="Sending Forty"))

	def asked(self):
		"""Return how many mails were proposed to the server, over all sessions and jobs."""
		return sum(command.startswith("RCPT") for command in self.server.commands)

	def assertNobodyUsedUp(self):
		self.assertEqual(self.statuses(self.mailing), {"Queued": 40})
		self.assertEqual(frappe.db.count("Suppressed Email", {"email": ("in", FORTY)}), 0)
		tried = {"source": self.mailing, "attempts": (">", 0)}
		self.assertEqual(frappe.db.count("Campaign Message", tried), 0)
		self.assertNothingLost(self.mailing)

	def test_a_refusal_for_good_of_everybody_pauses_and_fails_nobody(self):
		for sessions, batch in ((1, 200), (4, 200), (1, 7)):
			with self.subTest(sessions=sessions, batch=batch):
				self.setUp()
				settings(sessions_per_job=sessions, batch_size=batch)
				self.send_with({"rcpt": "554 5.3.0 Local problem"})
				self.assertPaused("Local problem", "mails in a row")
				self.assertLessEqual(self.asked(), SAME_LIMITS[ReplyMeaning.FAILED] + sessions)
				if batch > FEW:
					self.assertNobodyUsedUp()
				self.serve()
				self.resume()
				self.assertEqual(frappe.db.count("Suppressed Email", {"email": ("in", FORTY)}), 0)
				sent = self.statuses(self.mailing)["Sent"]
				self.assertEqual(sent, 40 if batch > FEW else 33)
				self.assertFalse(frappe.db.exists("Sending Hold", ACCOUNT))

	def test_a_refusal_that_names_no_address_suppresses_nobody(self):
		for reply in ("550 Rate limit exceeded", "550 payment required", "551 No", "553 No RDNS entry"):
			with self.subTest(reply=reply):
				self.setUp()
				self.send_with({"rcpt": reply})
				self.assertLessEqual(self.asked(), SAME_LIMITS[ReplyMeaning.BOUNCED])
				self.assertNobodyUsedUp()
				self.assertIn(
					reply[4:], self.form(self.mailing).problem or mass_email.progress(self.mailing)["problem"]
				)

	def test_a_rate_limit_of_everybody_waits_and_goes_on_by_itself(self):
		self.send_with({"rcpt": "451 4.7.0 Rate limit exceeded"})
		self.assertHeld("Rate limit exceeded")
		self.assertLessEqual(self.asked(), 5)
		self.assertNobodyUsedUp()
		self.serve()
		self.goes_on_by_itself()
		self.assertSentTo(self.mailing, FORTY)

	def test_it_waits_longer_each_time_and_asks_with_one_mail(self):
		self.send_with({"rcpt": "451 4.3.0 Try later"})
		waits = []
		for level in (1, 2, 3, 4, 5):
			self.assertHeld("Try later", level=level)
			hold = frappe.get_doc("Sending Hold", ACCOUNT)
			waits.append(round((hold.held_epoch - self.now()) / 60))
			before = self.asked()
			self.end_hold()
			self.go_on()
			self.assertEqual(self.asked() - before, 1)
		self.assertEqual(waits, [5, 15, 45, 120, 120])
		self.assertNobodyUsedUp()

	def now(self):
		return int(frappe.db.sql("SELECT UNIX_TIMESTAMP()")[0][0])

	def test_temporary_refusals_of_everybody_use_nobodys_attempts(self):
		for reply in ("450 Not now", "451 4.3.0 Local error", "452 4.3.1 Out of storage"):
			for stage in ("rcpt", "content"):
				with self.subTest(reply=reply, stage=stage):
					self.setUp()
					self.send_with({stage: reply})
					self.assertHeld(reply[4:])
					self.serve()
					self.goes_on_by_itself()
					self.assertEqual(self.statuses(self.mailing), {"Sent": 40})
					rows = frappe.get_all("Campaign Message", {"source": self.mailing}, pluck="attempts")
					self.assertEqual(set(rows), {1})

	def test_a_limit_of_each_connection_costs_connections(self):
		for sessions in (1, 3):
			with self.subTest(sessions=sessions):
				self.setUp()
				settings(sessions_per_job=sessions)
				self.send_with(None, most=12)
				self.assertEqual(self.statuses(self.mailing), {"Sent": 40})
				rows = frappe.get_all("Campaign Message", {"source": self.mailing}, pluck="attempts")
				self.assertEqual(set(rows), {1})
				self.assertLessEqual(self.server.connections, 40 // 12 + sessions)
				self.assertSentTo(self.mailing, FORTY)

	def test_a_server_that_restarts_at_night(self):
		self.send_with({"mail": {5: DROP}, "banner": [None, "421 4.3.2 Restarting"]})
		self.assertHeld("Restarting")
		self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Queued": 36})
		earlier = self.received()
		self.serve()
		self.goes_on_by_itself()
		self.assertEqual(sorted(earlier + self.received()), FORTY)

	def test_losses_behind_the_final_dot_pause(self):
		self.send_with({"content": KEEP_AND_DROP})
		self.assertPaused("broke the connection 3 times in a row")
		self.assertEqual(self.statuses(self.mailing), {"Uncertain": 3, "Queued": 37})
		self.assertNothingLost(self.mailing)

	def test_a_dead_directory_suppresses_nobody(self):
		self.send_with({"rcpt": "550 5.1.1 The email account that you tried to reach does not exist"})
		self.assertPaused("does not exist")
		self.assertLessEqual(self.asked(), SAME_LIMITS[ReplyMeaning.BOUNCED])
		self.assertNobodyUsedUp()

	def test_nor_does_it_where_batches_are_small(self):
		settings(batch_size=7)
		self.send_with({"rcpt": "550 5.1.1 The email account that you tried to reach does not exist"})
		self.assertPaused("does not exist")
		self.assertLessEqual(frappe.db.count("Suppressed Email", {"email": ("in", FORTY)}), 0)

	def test_a_person_who_resumes_gets_past_dead_addresses(self):
		dead = FORTY[:30]
		self.send_with({"rcpt": dict.fromkeys(dead, "550 5.1.1 No such user here")})
		self.assertPaused("No such user here")
		self.assertEqual(self.statuses(self.mailing), {"Queued": 40})
		self.resume()
		self.assertEqual(self.statuses(self.mailing), {"Sent": 10, "Failed": 30})
		self.assertEqual(frappe.db.count("Suppressed Email", {"email": ("in", FORTY)}), 30)

	def test_a_resume_after_a_pause_tries_at_once(self):
		self.send_with({"rcpt": "451 4.3.0 Try later"})
		self.assertHeld("Try later")
		self.serve({"mail": "530 5.7.0 Authentication required"})
		self.end_hold()
		self.go_on()
		self.assertPaused("Authentication required")
		self.serve()
		self.resume()
		self.go_on()
		self.assertSentTo(self.mailing, FORTY)

	def test_two_mailings_of_an_account_share_its_hold(self):
		other = a_mailing(a_list(*addresses(3), title="Sending Others"))
		self.send_with({"rcpt": "451 4.3.0 Try later"})
		self.assertHeld("Try later")
		self.serve()
		self.start(other)
		self.go_on()
		self.assertEqual(self.statuses(other), {"Queued": 3})
		self.assertIn("goes on by itself", mass_email.progress(other)["problem"])
		self.end_hold()
		self.go_on()
		self.go_on()
		self.assertEqual((self.statuses(self.mailing), self.statuses(other)), ({"Sent": 40}, {"Sent": 3}))

	def test_greylisting_of_everybody_is_no_hold(self):
		self.send_with({"rcpt": "450 4.2.0 Greylisted, come back later"})
		self.assertFalse(frappe.db.exists("Sending Hold", ACCOUNT))
		self.assertEqual(self.asked(), 40)
		self.serve()
		self.due_again(self.mailing)
		self.go_on()
		self.assertSentTo(self.mailing, FORTY)

	def test_the_account_that_works_has_no_row(self):
		self.send_with(None)
		self.assertEqual(frappe.db.count("Sending Hold"), 0)

	def test_another_account_goes_on(self):
		other_server = ScriptedServer().start()
		self.addCleanup(other_server.stop)
		another_account(self, OTHER)
		change("Email Account", OTHER, smtp_port=other_server.port)
		other = a_mailing(a_list(*addresses(3), title="Sending Others"), sender_account=OTHER)
		self.send_with({"rcpt": "451 4.3.0 Try later"})
		self.assertHeld("Try later")
		self.start(other)
		self.go_on()
		self.assertEqual((self.statuses(other), len(other_server.messages)), ({"Sent": 3}, 3))
		self.assertEqual(self.statuses(self.mailing), {"Queued": 40})


class TestSequences(DripTest):
	def test_the_form_of_its_campaign_says_until_when_a_sequence_waits(self):
		campaign = a_sequence(a_step(0))
		people = [a_contact(email) for email in addresses(6)]
		enrolments = [enrol(campaign, contact) for contact in people]
		self.serve({"rcpt": "451 4.3.0 Try later"})
		self.at(0)
		sending.top_up()
		problem = frappe.db.get_value("Campaign", campaign, "drip_problem")
		self.assertIn("goes on by itself", problem)
		self.assertIn("Try later", problem)
		mails = frappe.get_all("Campaign Message", {"source": ("in", enrolments)}, ["status", "attempts"])
		self.assertEqual([(mail.status, mail.attempts) for mail in mails], [("Queued", 0)] * 6)
		self.serve()
		self.end_hold()
		self.go_on()
		self.assertEqual(self.received(), addresses(6))
		self.assertFalse(frappe.db.get_value("Campaign", campaign, "drip_problem"))

	def test_a_sequence_gets_past_dead_addresses(self):
		self.assertGetsPast(30, "550 5.1.1 No such user here")

	def test_a_sequence_gets_past_what_is_refused_at_its_head(self):
		self.assertGetsPast(12, "554 5.7.1 We do not want this")

	def assertGetsPast(self, refused, refusal):
		campaign, emails = a_sequence(a_step(0)), addresses(refused + 2)
		queued = {
			"source": ("in", [enrol(campaign, a_contact(email)) for email in emails]),
			"status": "Queued",
		}
		self.serve({"rcpt": dict.fromkeys(emails[:refused], refusal)})
		self.at(0)
		self.assertEqual(frappe.db.count("Campaign Message", queued), refused + 2)
		self.pause_is_over()
		self.go_on()
		self.assertEqual(self.received(), emails[refused:])
		self.assertEqual(frappe.db.count("Campaign Message", queued), 0)
		self.assertFalse(frappe.db.exists("Sending Hold", ACCOUNT))

	def pause_is_over(self):
		"""Let the 15 minutes pass that a sequence waits after a pause."""
		for table, field in (("Campaign Message", "send_after"), ("Sending Hold", "paused_epoch")):
			frappe.db.sql(f"UPDATE `tab{table}` SET {field} = {field} - 900 WHERE {field} > 0")
		frappe.db.commit()

	def test_it_counts_on_before_its_wait_is_over(self):
		frappe.db.delete("Sending Hold")
		an_app_document("Sending Hold", account=ACCOUNT, refusals=22, paused_epoch=1000)
		hold_store.end_pause(ACCOUNT, 999)
		self.assertEqual(hold_store.load(ACCOUNT).run.refusals, 22)
		self.assertEqual(hold_store.hold_sentence(ACCOUNT), "")
		hold_store.end_pause(ACCOUNT, 1000)
		self.assertEqual(hold_store.load(ACCOUNT).run, Run(resumed=1))


class TestAccounts(SendingTest):
	"""The hold of an Email Account goes where the account goes."""

	def setUp(self):
		super().setUp()
		another_account(self, OTHER)
		self.a_hold(OTHER)

	def a_hold(self, account, epoch=2000):
		an_app_document("Sending Hold", account=account, level=1, held_epoch=epoch)

	def rename(self, new, *, merge=False):
		frappe.rename_doc("Email Account", OTHER, new, merge=merge, force=True, show_alert=False)

	def test_it_follows_a_renaming(self):
		self.rename("Sending Renamed Account")
		self.assertEqual(hold_store.held_until("Sending Renamed Account"), 2000)
		self.assertEqual(frappe.get_all("Sending Hold", pluck="account"), ["Sending Renamed Account"])

	def test_it_ends_where_its_account_is_merged_into_another(self):
		self.a_hold(ACCOUNT, 3000)
		self.rename(ACCOUNT, merge=True)
		self.assertEqual(hold_store.held_until(ACCOUNT), 3000)
		self.assertEqual(frappe.get_all("Sending Hold", pluck="name"), [ACCOUNT])

	def test_it_is_deleted_with_its_account(self):
		frappe.delete_doc("Email Account", OTHER)
		self.assertEqual(frappe.get_all("Sending Hold", pluck="name"), [])


class TestBook(SendingTest):
	"""Two jobs of one account, each with its own connection."""

	def setUp(self):
		super().setUp()
		self.books = [self.open_book(), self.open_book()]

	def open_book(self):
		connection = frappe.db.get_connection()
		connection.autocommit(True)
		self.addCleanup(connection.close)
		return AccountBook(ACCOUNT, connection)

	def step(self, run):
		return run.refused("rcpt 5 no")

	def test_they_count_together(self):
		runs = [Run(), Run()]
		for _time in range(3):
			for number, book in enumerate(self.books):
				runs[number] = book.add(runs[number], self.step)
		self.assertEqual([run.same for run in runs], [5, 6])
		frappe.db.rollback()
		self.assertEqual(hold_store.held_until(ACCOUNT), 0)
		self.assertEqual(hold_store.load(ACCOUNT).run, runs[1])

	def test_what_both_hold_is_held_once(self):
		for book in self.books:
			book.hold("Later")
		frappe.db.rollback()
		self.assertEqual(hold_store.load(ACCOUNT).level, 1)
		self.assertGreater(hold_store.held_until(ACCOUNT), 0)

	def test_an_acceptance_of_one_ends_the_run_of_both(self):
		first, second = self.books
		first.add(Run(), self.step)
		second.clear()
		frappe.db.rollback()
		self.assertEqual(hold_store.load(ACCOUNT), hold_store.Hold())
		self.assertEqual(first.add(Run(), self.step).same, 1)

	def test_one_mail_is_tried_at_a_time(self):
		self.books[0].hold("Later")
		frappe.db.rollback()
		hold_store.start_probe(ACCOUNT, 1000)
		(limit,) = hold_store.limits(ACCOUNT)
		self.assertEqual((limit.room(1000), limit.room(1000 + hold_store.PROBE_SECONDS)), (0, 1))
		hold_store.end_probe(ACCOUNT, 0, 1001)
		(limit,) = hold_store.limits(ACCOUNT)
		self.assertEqual(limit.room(1001), 0, "it was held anew meanwhile")
		hold_store.end_probe(ACCOUNT, 1, 1001)
		(limit,) = hold_store.limits(ACCOUNT)
		self.assertEqual(limit.room(1001), 1)


class TestPatience(FailureTest):
	def test_a_filter_may_think_as_long_as_the_last_reply_may_take(self):
		self.start(self.mailing)
		self.impatient(0.3)
		transport.SENDING = Timeouts.every(0.3)._replace(content=5)
		self.serve({"content": {FORTY[2]: Slow(0.8)}})
		self.go_on()
		self.assertEqual(self.statuses(self.mailing), {"Sent": 5})

	def test_a_server_that_is_slow_to_greet_is_waited_for(self):
		self.start(self.mailing)
		self.impatient(0.3)
		transport.SENDING = Timeouts()._replace(connect=0.3)
		self.serve({"banner": Slow(0.8)})
		self.go_on()
		self.assertSentTo(self.mailing, FORTY[:5])

	def test_the_time_outs_are_those_of_the_rfc(self):
		waits = Timeouts()
		self.assertEqual((waits.greeting, waits.mail, waits.rcpt), (300, 300, 300))
		self.assertEqual((waits.data, waits.block, waits.content), (120, 180, 600))
