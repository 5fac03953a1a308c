"""How an A/B test ends, and what comes after it."""

import time

import frappe

from email_campaigns.api.desk import ab_versions as api
from email_campaigns.api.desk import mass_email, resend
from email_campaigns.delivery import recompose_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_WINNER
from email_campaigns.jobs import ab_winner
from email_campaigns.mass_mailing import ab_winner_store
from email_campaigns.tests.site.kits.ab_kit import HOUR, MANY, ABTest, B
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_list,
	a_template,
	a_user,
	address,
	change,
	settings,
)


class TestTheWinner(ABTest):
	def test_its_hours_begin_with_the_last_mail_of_the_test(self):
		settings(hourly_limit=10)
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0")
		name = self.send(self.mailing())
		self.hours_pass(999)
		self.assertFalse(self.form(name).ab_winner, "most of the test has still to leave")
		self.assertEqual(self.form(name).ab_due_epoch, 0)
		settings(hourly_limit=0)
		self.go_on()
		self.tick()
		due = self.form(name).ab_due_epoch
		self.assertAlmostEqual(due, time.time() + 4 * HOUR, delta=30)
		self.hours_pass(4)
		self.assertAllGot(name, "A")

	def test_it_is_chosen_once(self):
		name = self.send(self.mailing(winner_by="By hand"))
		api.choose(name, "B")
		frappe.db.commit()
		with self.assertRaisesRegex(frappe.ValidationError, "B has been chosen already"):
			api.choose(name, "A")
		self.assertFalse(ab_winner_store.choose_winner(name, "A", "", 0))
		self.go_on()
		self.assertAllGot(name, "B")

	def test_what_can_not_be_chosen_is_refused_with_a_sentence(self):
		name = self.mailing(winner_by="By hand")
		with self.assertRaisesRegex(
			frappe.ValidationError, "Nobody waits for a version: the mailing is Draft"
		):
			api.choose(name, "B")
		self.send(name)
		with self.assertRaisesRegex(frappe.ValidationError, "no version D"):
			api.choose(name, "D")
		frappe.set_user(a_user("stranger"))
		self.assertRaises(frappe.PermissionError, api.choose, name, "B")
		self.assertRaises(frappe.PermissionError, api.state, name)

	def test_a_paused_mailing_chooses_when_it_goes_on(self):
		name = self.send(self.mailing())
		mass_email.pause(name)
		frappe.db.commit()
		self.hours_pass()
		self.assertFalse(self.form(name).ab_winner)
		mass_email.resume(name)
		frappe.db.commit()
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_a_choice_while_it_is_paused_sends_nothing_before_it_goes_on(self):
		name = self.send(self.mailing(winner_by="By hand"))
		sent = len(self.server.messages)
		mass_email.pause(name)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(len(self.server.messages), sent)
		mass_email.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_a_cancelled_mailing_ends_the_rest_too(self):
		name = self.send(self.mailing())
		mass_email.cancel(name, "Never mind")
		frappe.db.commit()
		self.hours_pass()
		self.assertEqual(set(self.statuses(name)), {"Sent", "Cancelled"})
		self.assertNothingLost(name)

	def test_the_deadline_ends_the_wait(self):
		name = self.send(self.mailing(winner_by="By hand"))
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.tick()
		self.assertEqual(set(self.statuses(name)), {"Sent", "Expired"})
		self.assertEqual(self.form(name).status, "Complete")

	def test_the_hours_it_is_spread_over_begin_anew(self):
		name = self.start(self.mailing(pace="Spread over hours", spread_hours=2, winner_by="By hand"))
		self.go_on()
		self.assertLess(len(self.server.messages), 5, "spread over two hours")
		change("Mass Email", name, pace="As fast as allowed")
		self.go_on()
		change("Mass Email", name, pace="Spread over hours")
		before = len(self.server.messages)
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertLess(len(self.server.messages) - before, 5)
		self.assertAlmostEqual(self.form(name).spread_until, time.time() + 2 * HOUR, delta=30)

	def test_who_has_an_hour_of_their_own_gets_it_then(self):
		name = self.start(self.mailing(send_when="Optimised", winner_by="By hand"))
		self.go_on()
		rows = (
			"SELECT name, send_after FROM `tabCampaign Message` WHERE source = %s AND version LIKE 'Rest%%'"
		)
		wanted = dict(frappe.db.sql(rows, name))
		epoch = int(time.time()) + 50 * HOUR
		ab_winner_store.choose_winner(name, "B", "", epoch)
		ab_winner_store.release_rest(name, epoch)
		for mail, send_after in frappe.db.sql(rows, name):
			self.assertEqual(
				(send_after - wanted[mail] + WAITS_FOR_WINNER) % ab_winner_store.DAY, 0, "the same hour"
			)
			self.assertTrue(epoch <= send_after < epoch + ab_winner_store.DAY)

	def test_the_forecast_does_not_count_what_waits(self):
		settings(hourly_limit=40)
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0")
		name = self.send(self.mailing(percent=20))
		state = mass_email.progress(name)
		self.assertEqual((state["status"], state["ends_at"], state["version"]), ("In Process", None, ""))
		self.assertGreater(state["by_status"]["Queued"], 30)

	def test_one_that_can_not_be_judged_holds_up_no_other(self):
		broken, name = (self.send(self.mailing(email)) for email in MANY[:2])
		for mailing in (broken, name):
			frappe.db.sql(
				"""UPDATE `tabCampaign Message` SET version = 'Rest', status = 'Queued', send_after = %s
				WHERE source = %s""",
				(WAITS_FOR_WINNER, mailing),
			)
			change("Mass Email", mailing, status="In Process", ab_due_epoch=1, ab_winner="")
		frappe.db.delete("Campaign AB Version", {"parent": broken})
		ab_winner.choose_winners(int(time.time()))
		self.assertEqual(self.form(name).ab_winner, "A")
		self.assertFalse(self.form(broken).ab_winner)


class TestAfterwards(ABTest):
	def test_a_mail_that_is_sent_again_keeps_its_version(self):
		name = self.send(self.mailing())
		api.choose(name, "A")
		frappe.db.commit()
		self.go_on()
		email = self.versions(name)["B"][0]
		resend.resend(self.mails(name)[email])
		frappe.db.commit()
		self.go_on()
		subjects = [mail.parsed["Subject"] for mail in self.server.messages if email in mail.recipients]
		self.assertEqual(subjects, [B, B])
		self.assertEqual(
			ab_winner_store.version_counts(name)["B"].sent, len(self.versions(name)["B"]), "one person"
		)

	def test_what_failed_is_sent_again_in_its_version(self):
		self.serve({"rcpt": dict.fromkeys(MANY, "554 5.7.1 Not today")})
		name = self.send(self.mailing(percent=10))  # ten refusals in a row would pause it
		before = self.versions(name)
		self.assertEqual(self.statuses(name)["Failed"], len(before["A"] + before["B"]))
		self.serve()
		resend.resend_failed(name)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.versions(name), before)
		self.hours_pass()
		self.assertAllGot(name, "A")

	def test_who_joins_meanwhile_waits_with_the_rest(self):
		name = self.send(self.mailing(percent=100, winner_by="By hand"))
		late = [address(f"late{number}") for number in range(4)]
		a_list(*late[:2])
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest"], late[:2])
		self.assertEqual(self.form(name).status, "In Process")
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		a_list(*late[2:])
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest B"], late)
		self.assertAllGot(name, "B", *MANY, *late)

	def missing(self, name):
		frappe.db.commit()
		resend.resend_missing(name)
		frappe.db.commit()
		self.go_on()

	def test_whoever_was_left_out_is_of_the_rest(self):
		frappe.get_doc(
			{"doctype": "Suppressed Email", "email": MANY[0], "reason": "Manual", "origin": PREFIX}
		).insert()
		name = self.send(self.mailing(winner_by="By hand"))
		frappe.db.delete("Suppressed Email", {"email": MANY[0]})
		self.missing(name)
		self.assertIn(MANY[0], self.versions(name)["Rest"])
		self.assertNotIn(MANY[0], self.subjects())
		api.choose(name, "B")
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_an_expired_mail_of_the_rest_comes_back_as_the_winner(self):
		name = self.send(self.mailing(winner_by="By hand"))
		waiting = self.versions(name)["Rest"]
		change("Mass Email", name, deadline_epoch=int(time.time()) - 1)
		self.tick()
		change("Mass Email", name, deadline_epoch=0, status="In Process")
		self.assertTrue(ab_winner_store.choose_winner(name, "B", "", int(time.time())))
		frappe.db.commit()
		self.missing(name)
		self.assertEqual(self.versions(name)["Rest B"], waiting)
		self.assertAllGot(name, "B")

	def test_the_browser_shows_the_version_that_was_sent(self):
		rows = [{"email_template": a_template(B, "<p>Another text</p>")}]
		name = self.send(self.mailing(ab_versions=rows, percent=100))
		mails = self.mails(name)
		for label, shown in (("A", False), ("B", True)):
			html = recompose_store.view_sent_mail(mails[self.versions(name)[label][0]])
			self.assertEqual("Another text" in html, shown)

	def test_it_is_part_of_the_explanation(self):
		name = self.send(self.mailing())
		people = self.versions(name)
		(sent,), (waits,) = resend.why(name, people["B"][0]), resend.why(name, people["Rest"][0])
		self.assertIn("It was version B of the A/B test.", sent)
		self.assertIn("It leaves once the best version of the A/B test has been chosen", waits)
		self.hours_pass()
		(sentence,) = resend.why(name, people["Rest"][0])
		self.assertIn("It was version A of the A/B test.", sentence)
