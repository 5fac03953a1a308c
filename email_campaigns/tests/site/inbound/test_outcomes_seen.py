"""What came back, as people see it: on forms, in “Why?”, among the sources, and when a mail is looked at."""

import email

import frappe

from email_campaigns.api.desk import inbound as api
from email_campaigns.api.desk import resend, timeline
from email_campaigns.inbound.values import Kind
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	settings,
)
from email_campaigns.tests.site.kits.came_back import JO, CameBackTest, a_report, an_answer, an_event

SOURCE = "Sending Inbox"


class TestSeen(CameBackTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(JO)
		add_records(a_list(), "Contact", self.contact)
		self.mailing = self.send(a_mailing("Sending List"))
		self.message = self.mail(self.mailing)
		self.addCleanup(frappe.db.delete, "Inbound Event", {"source": SOURCE})

	def test_replies_and_bounces_of_a_mailing_with_the_text(self):
		self.apply(an_answer(text="Call me"), self.message)
		self.apply(a_report(JO), self.message)
		self.apply(a_report("somebody@else.example"), self.message)
		(reply,) = api.replies("Mass Email", self.mailing)["rows"]
		self.assertEqual((reply.kind, reply.text, reply.email), ("Reply", "Call me", JO))
		unproven, bounce = api.bounces("Mass Email", self.mailing)["rows"]
		words = (bounce.enhanced, bounce.text, bounce.reporter)
		self.assertEqual(words, ("5.1.1", "user unknown", "mx.example"))
		self.assertIn("It reports on somebody@else.example", unproven.reason)

	def test_they_come_page_by_page(self):
		for _number in range(25):
			self.apply(an_answer(), self.message)
		first = api.replies("Mass Email", self.mailing)
		second = api.replies("Mass Email", self.mailing, before=first["rows"][-1].name)
		self.assertEqual((len(first["rows"]), first["more"]), (20, True))
		self.assertEqual((len(second["rows"]), second["more"]), (5, False))

	def test_nobody_sees_what_is_about_a_record_that_they_may_not_read(self):
		self.apply(an_answer(), self.message)
		user = a_user("blind", "Campaign User")
		frappe.set_user(user)
		self.addCleanup(frappe.set_user, "Administrator")
		self.assertEqual(api.replies("Mass Email", self.mailing)["rows"], [])

	def test_why_says_when_it_bounced_and_what_the_server_said(self):
		self.apply(a_report(JO), self.message)
		(sentence,) = resend.why(self.mailing, JO)
		self.assertRegex(sentence, r"It bounced on .+: 5\.1\.1 user unknown, reported by mx\.example\.")

	def test_the_timeline_of_the_record_tells_from_sent_to_answered(self):
		self.apply(an_answer(text="Call me"), self.message)
		frappe.db.rollback()
		story = " ".join(item["content"] for item in timeline.content("Contact", self.contact))
		self.assertIn("<b>Sent</b>", story)
		self.assertIn("<b>Replied</b>", story)
		self.assertIn("Call me", story)

	def test_sources_show_the_last_mail_and_what_was_found(self):
		self.apply(an_answer(), self.message)
		self.apply(a_report("somebody@else.example"), self.message)
		an_event()
		source = next(row for row in api.sources() if row["source"] == SOURCE)
		self.assertEqual(source["found"], {"Reply": 1, "Unproven": 1})
		self.assertEqual(source["waiting"], 1)
		self.assertTrue(source["last"])

	def test_a_mail_is_looked_at_and_nothing_changes(self):
		message_id = frappe.db.get_value("Campaign Message", self.message, "message_id")
		raw = f"From: {JO}\nTo: {address('news')}\nSubject: Re: Hello\n"
		raw += f"In-Reply-To: <{message_id}>\n\nThank you\n"
		seen = api.look(raw)
		self.assertEqual((seen["kind"], seen["mail"]["email"], seen["missing"]), ("Reply", JO, ""))
		self.assertIn("counts as a reply", seen["follows"])
		self.assertIsNone(self.row(self.message).replied_at)
		stranger = api.look("From: a@b.example\nSubject: Hello\n\nHello")
		self.assertIsNone(stranger["mail"])
		self.assertIn("names no mail of ours", stranger["missing"])

	def test_a_mail_is_looked_at_within_bounds(self):
		with self.assertRaises(frappe.ValidationError):
			api.look("x" * 500_001)

	def test_complaints_are_asked_for_where_the_settings_say_so(self):
		settings(cfbl_address="fbl@sending.example")
		self.sent(*addresses(1))
		mail = email.message_from_bytes(self.server.messages[-1].content)
		self.assertEqual(mail["CFBL-Address"], "fbl@sending.example; report=arf")
		self.assertIsNone(email.message_from_bytes(self.server.messages[0].content)["CFBL-Address"])

	def test_an_answer_of_a_machine_is_listed_beside_replies(self):
		self.apply(an_answer(Kind.AUTOMATIC, "Away"), self.message)
		(row,) = api.replies("Mass Email", self.mailing)["rows"]
		self.assertEqual(row.kind, "Automatic Answer")
