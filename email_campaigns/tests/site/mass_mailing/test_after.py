"""One mail is sent again when its mailing has left: once, and only where it may go."""

import threading
import time
from collections import Counter

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.api.desk import resend as resend_api
from email_campaigns.audience.decide import DUPLICATE_ADDRESS, HELD_OUT
from email_campaigns.audience.suppression.suppression_store import lift, suppress
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing.resend import resend
from email_campaigns.tests.site.kits.after_kit import MESSAGE, ONE, REFUSED, THREE, TWO, UNKNOWN, AfterTest
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	addresses,
	change,
)
from email_campaigns.tests.site.kits.queue import elsewhere
from email_campaigns.tests.support.smtp_server import KEEP_AND_DROP


class TestOneMailAgain(AfterTest):
	def test_that_was_sent_gets_a_row_of_its_own(self):
		name = self.send(a_mailing(a_list(ONE, TWO)))
		first = self.message(name, ONE)
		self.do(resend_api.resend, first)
		self.assertEqual(self.form(name).status, "In Process")
		self.assertFigures(name, "In Process")
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(name)
		second = self.row(self.message(name, ONE, resend_of=first))
		self.assertEqual((second.dedupe_key, second.status), (f"x:{first}:1", "Sent"))
		self.assertTrue(self.form(name).completed_on)

	def test_is_done_once_by_a_double_click(self):
		name = self.send(a_mailing(a_list(ONE)))
		first = self.message(name, ONE)
		self.do(resend_api.resend, first)
		self.refuses(resend.ON_ITS_WAY, resend_api.resend, first)
		self.go_on()
		self.refuses(resend.JUST_SENT, resend_api.resend, first)
		self.refuses(resend.JUST_SENT, resend_api.resend, self.message(name, ONE, resend_of=first))
		self.go_on()
		self.assertReceived(ONE, ONE)

	def test_may_be_sent_once_more_later(self):
		name = self.send(a_mailing(a_list(ONE)))
		first = self.message(name, ONE)
		for number in (1, 2):
			self.do(resend_api.resend, first)
			self.go_on()
			frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 1 WHERE source = %s", name)
			frappe.db.commit()
			self.assertTrue(
				frappe.db.exists(MESSAGE, {"dedupe_key": f"x:{first}:{number}", "status": "Sent"})
			)
		self.assertReceived(ONE, ONE, ONE)
		self.assertFigures(name)

	def test_is_done_once_by_people_at_once(self):
		name = self.send(a_mailing(a_list(ONE)))
		answers = self.at_once(4, resend_api.resend, self.message(name, ONE))
		self.assertEqual(Counter(answers), {None: 1, resend.ON_ITS_WAY: 3})
		self.go_on()
		self.assertReceived(ONE, ONE)
		self.assertFigures(name)

	def test_that_failed_is_done_once_by_people_at_once(self):
		self.serve({"content": {ONE: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		answers = self.at_once(4, resend_api.resend, self.message(name, ONE))
		self.assertEqual(answers.count(None), 1, answers)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)

	def test_goes_to_the_address_that_the_record_has_today(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.do(resend_api.resend, self.message(name, ONE))
		self.go_on()
		self.assertReceived(ONE, TWO)

	def test_that_failed_is_queued_again_in_its_row(self):
		self.serve({"content": {ONE: [REFUSED]}})
		name = self.send(a_mailing(a_list(ONE, TWO)))
		message = self.message(name, ONE)
		self.assertEqual(self.row(message).status, "Failed")
		self.do(resend_api.resend, message)
		self.assertEqual((self.row(message).status, self.row(message).attempts), ("Queued", 0))
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_that_bounced_waits_for_a_corrected_address(self):
		self.serve({"rcpt": {ONE: UNKNOWN}})
		contact = a_contact(ONE)
		add_records(a_list(TWO), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		message = self.message(name, ONE)
		self.refuses("Suppressed: Hard Bounce", resend_api.resend, message)
		change("Contact", contact, email_id=THREE)
		self.do(resend_api.resend, message)
		self.go_on()
		self.assertReceived(TWO, THREE)
		self.assertFigures(name)
		self.assertEqual(self.row(message).dedupe_key, f"a:{THREE}")

	def test_never_goes_to_an_address_that_somebody_else_has_the_mail_at(self):
		self.serve({"content": {ONE: [REFUSED]}})
		contact = a_contact(ONE)
		add_records(a_list(TWO), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.refuses(DUPLICATE_ADDRESS, resend_api.resend, self.message(name, ONE))

	def test_never_goes_to_who_unsubscribed_meanwhile(self):
		name = self.send(a_mailing(a_list(ONE)))
		suppress(ONE, reason="Unsubscribed", origin="a click")
		frappe.db.commit()
		self.refuses("Unsubscribed", resend_api.resend, self.message(name, ONE))

	def test_that_was_skipped_is_decided_anew(self):
		suppress(ONE, reason="Unsubscribed", origin="a click")
		name = self.send(a_mailing(a_list(ONE, TWO)))
		message = self.message(name, ONE)
		self.refuses("Unsubscribed", resend_api.resend, message)
		lift(ONE)
		frappe.db.commit()
		self.do(resend_api.resend, message)
		self.go_on()
		self.assertReceived(ONE, TWO)
		self.assertFigures(name)
		self.assertNothingLost(name)

	def test_that_was_a_duplicate_stays_one(self):
		name = self.send(a_mailing(a_list(ONE), a_list(ONE, title="Sending Other")))
		self.refuses(DUPLICATE_ADDRESS, resend_api.resend, self.message(name, ONE, status="Skipped"))

	def test_never_goes_to_the_hold_out_group(self):
		name = self.send(a_mailing(a_list(*addresses(20)), holdout_percent=50))
		held = frappe.get_all(MESSAGE, {"source": name, "reason": HELD_OUT}, pluck="name")
		self.assertTrue(held)
		self.refuses(resend.SPOILS_COMPARISON, resend_api.resend, held[0])

	def test_on_its_way_is_refused(self):
		name = self.start(a_mailing(a_list(ONE)))
		sending.tick()
		sending.freeze(name)
		self.refuses(resend.ON_ITS_WAY, resend_api.resend, self.message(name, ONE))

	def test_uncertain_is_for_a_decision(self):
		self.serve({"content": {ONE: KEEP_AND_DROP}})
		name = self.send(a_mailing(a_list(ONE)))
		self.refuses(resend.UNDECIDED, resend_api.resend, self.message(name, ONE))


class TestTheMailing(AfterTest):
	def setUp(self):
		super().setUp()
		self.name = self.send(a_mailing(a_list(ONE, TWO)))
		self.first = self.message(self.name, ONE)

	def refuses_all(self, words):
		self.refuses(words, resend_api.resend, self.first)
		self.refuses(words, resend_api.resend_failed, self.name)
		self.refuses(words, resend_api.resend_missing, self.name)
		self.refuses(words, resend_api.decide_uncertain, self.name, False)

	def test_that_is_cancelled_sends_nothing_again(self):
		change("Mass Email", self.name, status="Cancelled")
		self.refuses_all("is cancelled")

	def test_past_its_deadline_sends_nothing_again(self):
		change("Mass Email", self.name, deadline_epoch=int(time.time()) - 1)
		self.refuses_all("deadline")

	def test_of_an_inactive_campaign_sends_nothing_again(self):
		change("Campaign", self.form(self.name).campaign, status="Inactive")
		self.refuses_all("Inactive")

	def test_on_a_muted_site_sends_nothing_again(self):
		frappe.conf.mute_emails, muted = 1, frappe.conf.mute_emails
		self.addCleanup(frappe.conf.update, {"mute_emails": muted})
		self.refuses_all("muted")

	def test_that_has_not_started_sends_nothing_again(self):
		draft = a_mailing(a_list())
		self.refuses("has not been sent", resend_api.resend_failed, draft)
		self.refuses("has not been sent", resend_api.resend_missing, draft)

	def test_that_is_paused_stays_paused(self):
		change("Mass Email", self.name, status="Paused")
		self.do(resend_api.resend, self.first)
		self.go_on()
		self.assertEqual((self.form(self.name).status, self.statuses(self.name)["Queued"]), ("Paused", 1))
		self.do(mass_email.resume, self.name)
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(self.name)

	def test_that_ended_can_not_be_resumed(self):
		self.refuses("can't become", mass_email.resume, self.name)

	def test_is_not_finished_while_a_mail_is_opened_again(self):
		"""The last page looks for open mails just before somebody opens one, and finishes after it."""
		change("Mass Email", self.name, status="In Process")
		site, first, finish = frappe.local.site, self.first, counts_store.is_open
		meanwhile = threading.Thread(target=elsewhere, args=(site, lambda: resend_api.resend(first)))

		def is_open(name):
			answer = finish(name)
			if meanwhile.ident is None:
				meanwhile.start()
				meanwhile.join()
			return answer

		frappe.db.commit()
		counts_store.is_open = is_open
		self.addCleanup(setattr, counts_store, "is_open", finish)
		self.assertFalse(sending._finish(self.name))
		self.go_on()
		self.assertReceived(ONE, ONE, TWO)
		self.assertFigures(self.name)


class TestWhoMayNot(AfterTest):
	def test_do_any_of_this(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		message = self.message(name, ONE)
		stranger = a_user("stranger", "Sales User")
		frappe.db.commit()
		frappe.set_user(stranger)
		calls = {
			"figures": (name,),
			"refusal": (message,),
			"resend": (message,),
			"resend_failed": (name,),
			"resend_missing": (name,),
			"decide_uncertain": (name, True),
			"why": (name, ONE),
			"mails_of": ("Contact", contact),
		}
		self.assertEqual(set(calls), self.whitelisted())
		for method, arguments in calls.items():
			with self.subTest(method), self.assertRaises(frappe.PermissionError):
				getattr(resend_api, method)(*arguments)

	def whitelisted(self):
		return {
			name
			for name, method in vars(resend_api).items()
			if callable(method) and method in frappe.whitelisted and method.__module__ == resend_api.__name__
		}

	def test_see_the_mails_of_a_record_that_they_may_not_read(self):
		user, name = a_user("clerk", "Campaign User"), a_mailing(a_list(ONE))
		frappe.set_user(user)
		for method in (resend_api.mails_of, lambda *record: resend_api.why(name, "", *record)):
			with self.assertRaises(frappe.PermissionError):
				method("User", "Administrator")
