"""The explanations why somebody got a mailing, or did not, at any moment of its life."""

import time

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.api.desk import resend as resend_api
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.jobs import sending
from email_campaigns.mass_mailing.resend import resend
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	change,
	settings,
)
from email_campaigns.tests.site.kits.copies import BOSS, KIM, CopiesTest, contacts
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.support.smtp_server import KEEP_AND_DROP

MESSAGE = "Campaign Message"
ONE, TWO, THREE = addresses(3)


class WhyTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def assertExplains(self, name, words, who="", doctype="", record=""):
		frappe.db.commit()
		sentences = resend_api.why(name, who, doctype, record)
		self.assertTrue(any(words in sentence for sentence in sentences), sentences)
		return sentences

	def message(self, name, email, **values):
		return frappe.db.get_value(MESSAGE, {"source": name, "email": email, **values}, "name")


class TestBeforeTheStart(WhyTest):
	def test_it_is_decided_by_the_facts_of_today(self):
		contact, former = a_contact(ONE), a_contact(TWO, unsubscribed=1)
		add_records(a_list(ONE, THREE), "Contact", contact, former)
		name = a_mailing(a_list(), excluding=[a_list(THREE, title="Sending Rivals")])
		self.assertExplains(name, f"{ONE} would get the mailing.", ONE.upper().replace("EXAMPLE", "example"))
		self.assertExplains(name, "Another member with the same address", "", "Contact", contact)
		self.assertExplains(name, "would get nothing. The opt-out field", "", "Contact", former)
		self.assertExplains(name, "on the excluding list Sending Rivals", THREE)
		change("Contact", contact, email_id=address("moved"))
		self.assertExplains(name, f"{address('moved')} would get the mailing.", "", "Contact", contact)

	def test_a_stranger_is_on_no_list(self):
		name = a_mailing(a_list(ONE))
		self.assertExplains(name, "is on no list", TWO)
		self.assertExplains(name, "is on no list", "", "Contact", a_contact(TWO))
		self.assertExplains(name, "is no email address", "nobody")
		suppress(TWO, reason="Complaint", origin="a feedback loop")
		self.assertExplains(name, "complained about a mail as spam", TWO)

	def test_accents_make_another_address(self):
		name = a_mailing(a_list(address("josé")))
		self.assertExplains(name, "is on no list", address("jose"))
		self.assertExplains(name, "would get the mailing", address("josé"))

	def test_the_hold_out_group_and_the_seed_group(self):
		# A seed by which ONE is held out: one in a thousand would not be.
		group = {"holdout_percent": 99.9, "holdout_seed": "spring"}
		name = a_mailing(a_list(ONE), seed_list=a_list(TWO, title="Sending Seeds"), **group)
		self.assertExplains(name, "hold-out group", ONE)
		self.assertExplains(name, "would get the mailing", TWO)

	def test_a_mailing_that_was_cancelled_says_so(self):
		name = a_mailing(a_list(ONE))
		mass_email.cancel(name, "Wrong date")
		self.assertExplains(name, "cancelled before it started: Wrong date", ONE)


class TestAfterwards(WhyTest):
	def test_sent_failed_skipped_and_joined_later(self):
		self.serve({"rcpt": {TWO: "550 5.1.1 No such user"}})
		suppress(THREE, reason="Unsubscribed", origin="mail 12: one click")
		four = a_contact(address("four"))
		add_records(a_list(ONE, TWO, THREE), "Contact", four)
		name = self.send(a_mailing(a_list()))
		self.assertExplains(name, f"The mail was sent to {ONE} on ", ONE)
		self.assertExplains(name, "No such user", TWO)
		sentences = self.assertExplains(name, "They unsubscribed on ", THREE)
		self.assertIn("mail 12: one click", sentences[0])
		self.assertExplains(name, f"was sent to {address('four')}", "", "Contact", four)
		a_list(address("five"))
		self.assertExplains(name, "joined the list Sending List on ", address("five"))
		self.assertExplains(name, "is on no list", address("six"))
		message = self.message(name, ONE)
		change(MESSAGE, message, opened_at="2026-01-02 03:04:05")
		self.assertExplains(name, "It was opened on ", ONE)

	def test_a_corrected_address_leads_to_the_mail_to_the_former_one(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=TWO)
		self.assertExplains(name, f"sent to {ONE}", "", "Contact", contact)

	def test_who_has_left_the_list_is_found_by_the_log(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		name = self.send(a_mailing(a_list()))
		frappe.db.delete("Target List Member", {"target_list": a_list()})
		change("Contact", contact, email_id=TWO)
		self.assertExplains(name, f"sent to {ONE}", "", "Contact", contact)

	def test_a_mail_that_was_sent_again(self):
		name = self.send(a_mailing(a_list(ONE)))
		resend_api.resend(self.message(name, ONE))
		frappe.db.commit()
		self.go_on()
		self.assertEqual(len(self.assertExplains(name, "once more on ", ONE)), 2)

	def test_uncertain_and_cancelled(self):
		self.serve({"content": {ONE: KEEP_AND_DROP}})
		name = self.send(a_mailing(a_list(ONE)))
		self.assertExplains(name, "nobody knows whether the server took it", ONE)
		change(MESSAGE, self.message(name, ONE), status="Cancelled", reason="Cancelled: Wrong date")
		self.assertExplains(name, "never left: Cancelled: Wrong date", ONE)


class TestOnItsWay(WhyTest):
	def frozen(self, **values):
		name = self.start(a_mailing(a_list(ONE, TWO), **values))
		sending.tick()
		sending.freeze(name)
		return name

	def test_it_is_the_next_or_paused(self):
		name = self.frozen()
		self.assertExplains(name, "one of the next", ONE)
		mass_email.pause(name)
		self.assertExplains(name, "The mailing is paused.", ONE)

	def test_the_hourly_limit_holds_it(self):
		settings(hourly_limit=1)
		name = self.frozen()
		self.go_on()
		waiting = next(email for email in (ONE, TWO) if email not in self.received())
		self.assertExplains(name, "the site's mails per hour: this limit is reached", waiting)

	def test_its_domain_holds_it(self):
		name = self.frozen(domain_rates=[{"domain": "sending.example", "hourly_rate": 1}])
		self.go_on()
		waiting = next(email for email in (ONE, TWO) if email not in self.received())
		self.assertExplains(name, "sending.example: this limit is reached", waiting)

	def test_a_server_that_refuses_for_the_time_being(self):
		self.serve({"rcpt": {ONE: "451 4.3.0 Later"}})
		name = self.frozen()
		self.go_on()
		self.assertExplains(name, "Later", ONE)
		self.assertExplains(name, "It is tried again on ", ONE)

	def test_its_best_hour(self):
		name = self.frozen(send_when="Optimised")
		later = int(time.time()) + 7200
		change(MESSAGE, self.message(name, ONE), send_after=later)
		self.assertExplains(name, "Its best hour begins on ", ONE)


class TestMailsOfARecord(WhyTest):
	def test_are_those_of_all_mailings_the_newest_first(self):
		self.serve({"content": {ONE: ["554 5.7.1 Not today"]}})
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		first, second = self.send(a_mailing(a_list())), self.send(a_mailing(a_list()))
		mails = resend_api.mails_of("Contact", contact)
		self.assertEqual([mail["mailing"] for mail in mails], [second, first])
		self.assertEqual([mail["status"] for mail in mails], ["Sent", "Failed"])
		self.assertEqual([mail["refusal"] for mail in mails], [None, None])
		self.assertIn("Not today", mails[1]["sentence"])
		resend_api.resend(mails[1]["message"])
		frappe.db.commit()
		self.assertTrue(resend_api.mails_of("Contact", contact)[1]["refusal"])
		self.go_on()
		self.assertEqual(self.received(), [ONE, ONE])

	def test_include_those_to_a_former_address_and_none_of_a_namesake(self):
		contact, other = a_contact(THREE), a_contact(address("jose"))
		change("Contact", contact, email_id=address("josé"))
		add_records(a_list(), "Contact", contact, other)
		self.send(a_mailing(a_list()))
		change("Contact", contact, email_id=ONE)
		frappe.db.commit()
		self.assertEqual(
			[mail["email"] for mail in resend_api.mails_of("Contact", contact)], [address("josé")]
		)
		self.assertEqual([mail["email"] for mail in resend_api.mails_of("Contact", other)], [address("jose")])

	def test_can_be_read_without_the_right_to_send_again(self):
		contact = a_contact(ONE)
		add_records(a_list(), "Contact", contact)
		self.send(a_mailing(a_list()))
		frappe.set_user(a_user("clerk", "Campaign User", "Sales User"))
		(mail,) = resend_api.mails_of("Contact", contact)
		self.assertIsNone(mail["refusal"])


class TestCopies(CopiesTest):
	def test_a_copy_names_its_mail_and_is_not_sent_again_by_itself(self):
		(contact,) = contacts(KIM, company_name=BOSS)
		boss = a_contact(BOSS)
		name = self.send(self.mailing())
		(sentence,) = resend_api.why(name, BOSS)
		self.assertTrue(sentence.startswith(f"As CC of the mail to {KIM}: {BOSS} got a copy on "), sentence)
		self.assertEqual(len(resend_api.why(name, "", "Contact", contact)), 1)
		(mail,) = resend_api.mails_of("Contact", boss)
		self.assertEqual(mail["refusal"], resend.IS_COPY)

	def test_a_copy_waits_for_its_mail(self):
		contacts(KIM, company_name=BOSS)
		name = self.start(self.mailing())
		sending.tick()
		sending.freeze(name)
		self.assertIn("It leaves once the mail itself has left.", resend_api.why(name, BOSS)[0])
