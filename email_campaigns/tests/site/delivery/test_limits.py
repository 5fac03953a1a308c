"""The limits of sending: the sliding hour, the batch, and the site's own switches."""

import time
from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email, preview
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	address,
	addresses,
	settings,
)
from email_campaigns.tests.site.kits.queue import run_job, waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.support.smtp_server import KEEP_AND_DROP

TWENTY = addresses(20)


class TestHourlyLimit(SendingTest):
	def setUp(self):
		super().setUp()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")

	def age(self, seconds, most=1000):
		"""Make the sent mails older by some seconds."""
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET sent_epoch = sent_epoch - %s WHERE sent_epoch > %s
			ORDER BY name LIMIT %s""",
			(seconds, int(time.time()) - 3600, most),
		)
		frappe.db.commit()

	def test_so_many_leave_and_the_rest_waits(self):
		settings(hourly_limit=7)
		name = self.send(a_mailing(a_list(*TWENTY)))
		self.assertEqual(self.statuses(name), {"Sent": 7, "Queued": 13})
		self.assertEqual(self.form(name).status, "In Process")
		self.go_on()
		self.assertEqual(len(self.received()), 7)
		self.age(3605, most=3)
		self.go_on()
		self.assertEqual(len(self.received()), 10)
		self.age(1800)
		self.go_on()
		self.assertEqual(len(self.received()), 10)
		for _hour in range(2):
			self.age(3605)
			self.go_on()
		self.assertSentTo(name, TWENTY)
		self.assertEqual(self.form(name).status, "Complete")

	def test_no_job_is_enqueued_while_the_hour_is_full(self):
		settings(hourly_limit=7)
		self.send(a_mailing(a_list(*TWENTY)))
		sending.top_up()
		self.assertEqual(waiting_jobs(), [])

	def test_two_mailings_share_it(self):
		settings(hourly_limit=9, batch_size=3)
		first, second = (a_mailing(a_list(*TWENTY)) for _mailing in range(2))
		self.start(first)
		self.start(second)
		self.go_on()
		self.assertEqual(len(self.server.messages), 9)
		self.assertEqual(self.form(first).sent_count + self.form(second).sent_count, 9)

	def test_several_jobs_and_sessions_share_it(self):
		settings(hourly_limit=9, batch_size=4, parallel_jobs=3, sessions_per_job=3)
		name = self.send(a_mailing(a_list(*TWENTY)))
		self.assertEqual(self.statuses(name), {"Sent": 9, "Queued": 11})

	def test_a_doubtful_mail_counts(self):
		settings(hourly_limit=5)
		self.serve({"content": {2: [KEEP_AND_DROP], 4: [KEEP_AND_DROP]}})
		name = self.send(a_mailing(a_list(*TWENTY)))
		self.assertEqual(self.statuses(name), {"Sent": 3, "Uncertain": 2, "Queued": 15})
		self.assertEqual(len(self.received()), 5)

	def test_a_refused_mail_does_not(self):
		settings(hourly_limit=5)
		self.serve({"rcpt": {TWENTY[1]: "550 5.1.1 No such user", TWENTY[2]: ["450 4.2.0 Later"]}})
		name = self.send(a_mailing(a_list(*TWENTY)))
		self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 5, "Failed": 1, "Queued": 14})

	def test_what_a_batch_has_claimed_counts(self):
		settings(hourly_limit=5, batch_size=5)
		name = self.start(a_mailing(a_list(*TWENTY)))
		sending.tick()
		sending.freeze(name)
		frappe.db.sql(
			"""UPDATE `tabCampaign Message` SET claim = 'another', lease_until = %s
			WHERE source = %s ORDER BY name LIMIT 5""",
			(int(time.time()) + 600, name),
		)
		frappe.db.commit()
		ran = work_off()
		self.assertEqual(self.received(), [])
		self.assertLessEqual(ran, 3, "a job that may not claim started successors")


class TestBatches(SendingTest):
	def test_a_batch_is_claimed_at_a_time(self):
		settings(batch_size=6)
		name = self.start(a_mailing(a_list(*TWENTY)))
		claimed = []
		self.at_mail(1, lambda: claimed.append(frappe.db.count("Campaign Message", {"claim": ["!=", ""]})))
		self.go_on()
		self.assertEqual(claimed, [6])
		self.assertSentTo(name, TWENTY)

	def test_a_job_ends_in_time_and_its_successor_goes_on(self):
		settings(batch_size=6)
		name = self.start(a_mailing(a_list(*TWENTY)))
		sending.tick()
		sending.freeze(name)
		with patch.object(sending, "BATCH_SECONDS", -1):
			run_job(f"ec-page-{name}-0-0")
		self.assertEqual(self.statuses(name), {"Queued": 20})
		self.go_on()
		self.assertSentTo(name, TWENTY)


class TestSwitches(SendingTest):
	def setUp(self):
		super().setUp()
		self.mailing = a_mailing(a_list(*TWENTY))

	def is_held(self, words):
		form = self.form(self.mailing)
		self.assertEqual((form.status, self.received()), ("In Process", []))
		self.assertIn(words, form.problem)
		self.assertIn(words, mass_email.progress(self.mailing)["problem"])

	def goes_on(self):
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.problem or ""), ("Complete", ""))
		self.assertSentTo(self.mailing, TWENTY)

	def test_muted_mail_is_held_until_it_is_unmuted(self):
		frappe.conf.mute_emails = 1
		self.addCleanup(frappe.conf.pop, "mute_emails", None)
		self.send(self.mailing)
		self.is_held("mute_emails")
		frappe.conf.mute_emails = 0
		self.goes_on()

	def test_a_suspended_email_queue_holds_campaigns_too(self):
		frappe.db.set_default("suspend_email_queue", 1)
		self.addCleanup(frappe.db.set_default, "suspend_email_queue", 0)
		self.send(self.mailing)
		self.is_held("suspended in the Email Queue")
		frappe.db.set_default("suspend_email_queue", 0)
		self.goes_on()

	def test_a_test_mail_is_held_too(self):
		frappe.conf.mute_emails = 1
		self.addCleanup(frappe.conf.pop, "mute_emails", None)
		with self.assertRaisesRegex(frappe.ValidationError, "mute_emails"):
			preview.send_test(self.mailing, "me@sending.example")


class TestTestSend(SendingTest):
	def test_marked_logged_and_in_no_figure(self):
		name = a_mailing(a_list(*TWENTY), subject="Hello {{ doc.first_name }}", html="<p>{{ doc.email }}</p>")
		member = frappe.db.get_value("Target List Member", {"email": TWENTY[3]})
		for recipient in ((), ("Target List Member", str(member))):
			self.assertEqual(
				preview.send_test(name, "me@sending.example, You@sending.example", *recipient), 2
			)
		mail = self.server.messages[-1].parsed
		self.assertEqual(mail["Subject"], "[TEST] Hello Jo")
		self.assertIn(TWENTY[3], mail.get_body(("html",)).get_content())
		self.assertEqual(self.received().count("me@sending.example"), 2)
		logged = frappe.get_all("Campaign Log", {"source": name}, ["action", "verdict", "email"])
		self.assertEqual({(row.action, row.verdict) for row in logged}, {("Test", "test")})
		self.assertEqual(len(logged), 4)
		form = frappe.get_doc("Mass Email", name)
		self.assertEqual((form.status, form.planned_count, form.sent_count), ("Draft", 0, 0))
		self.assertEqual(self.statuses(name), {})

	def test_as_a_contact_sees_it(self):
		contact = a_contact(address("kim"), first_name="Kim")
		name = a_mailing(a_list(), subject="Hello {{ doc.first_name }}")
		preview.send_test(name, address("me"), "Contact", contact)
		self.assertEqual(self.server.messages[0].parsed["Subject"], "[TEST] Hello Kim")

	def test_a_refused_test_says_why(self):
		self.serve({"rcpt": "550 5.1.1 No such user here"})
		with self.assertRaisesRegex(frappe.ValidationError, "No such user here"):
			preview.send_test(a_mailing(a_list(*TWENTY)), "me@sending.example")

	def test_a_wrong_address_is_refused(self):
		for wrong in ("", "me", "me@sending.example\r\nBcc: you@sending.example"):
			with self.subTest(wrong=wrong), self.assertRaises(frappe.ValidationError):
				preview.send_test(a_mailing(a_list(*TWENTY)), wrong)
		self.assertNotIn("you@sending.example", self.received())
