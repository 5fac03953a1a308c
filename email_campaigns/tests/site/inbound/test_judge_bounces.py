"""The bounces that one job has claimed are judged in one transaction, whatever ends it."""

from unittest.mock import patch

import frappe

from email_campaigns.inbound import arrivals_store
from email_campaigns.inbound.outcomes import bounces_store
from email_campaigns.jobs import outcomes
from email_campaigns.tests.site.inbound.test_judge import CHILD, OTHER, JudgeTest
from email_campaigns.tests.site.kits.builders import ACCOUNT, a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.mail_server import EVENT, judge
from email_campaigns.tests.site.kits.workers import kill_in_the_middle

BOUNCE = """From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <{own}@mx.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {email}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <{message_id}>

--b--
"""


class TestBouncesTogether(JudgeTest):
	def setUp(self):
		super().setUp()
		self.people = addresses(4)
		self.mailing = self.send(a_mailing(a_list(*self.people)))
		for email in self.people:
			arrivals_store.store(self.bounce(email), ACCOUNT)

	def bounce(self, email: str, about: str = "") -> bytes:
		"""Return the report that an address is dead, about the mail that went to it or another address."""
		mail = {"source": self.mailing, "email": email}
		message_id = frappe.db.get_value("Campaign Message", mail, "message_id")
		own = frappe.generate_hash(length=12)
		return BOUNCE.format(email=about or email, message_id=message_id, own=own).encode()

	def bounced(self) -> list[str]:
		return frappe.get_all("Campaign Log", {"source": self.mailing, "action": "Bounced"}, pluck="email")

	def assert_each_bounced_once(self):
		frappe.db.rollback()
		self.assertEqual(sorted(self.bounced()), sorted(self.people))
		form = self.form(self.mailing)
		self.assertEqual((form.bounced_count, form.hard_bounce_count), (4, 4))
		suppressed = {"email": ("in", self.people), "reason": "Hard Bounce"}
		self.assertEqual(frappe.db.count("Suppressed Email", suppressed), 4)
		rows = frappe.get_all(EVENT, ["status", "bounce_class", "email"])
		self.assertEqual({(row.status, row.bounce_class) for row in rows}, {("Done", "Hard")})
		self.assertEqual({row.email for row in rows}, set(self.people))
		self.assertFiguresAgree(self.mailing)

	def test_each_has_what_follows_in_one_transaction(self):
		with patch.object(outcomes, "apply", side_effect=AssertionError("judged alone")):
			judge()
		self.assert_each_bounced_once()

	def test_a_job_that_is_killed_in_the_middle(self):
		for module, name, when in (
			("inbound", "_judge_bounces", "before"),
			("bounces_store", "apply_bounces", "before"),
			("bounces_store", "_consider", "after"),
			("outcomes", "apply_bounces", "after"),
			("inbound", "_judge_bounces", "after"),
		):
			with self.subTest(f"{when} {name}"):
				self.tearDown()
				self.doCleanups()
				self.setUp()
				kill_in_the_middle(CHILD, module, name, when)
				committed = (name, when) == ("_judge_bounces", "after")
				self.assertEqual(len(self.bounced()), 4 if committed else 0)
				self.judge_later()
				self.assert_each_bounced_once()

	def test_one_that_fails_lets_the_others_through(self):
		whole = bounces_store.words_of

		def failing(report):
			if report.address == self.people[1]:
				raise RuntimeError("broken")
			return whole(report)

		with patch.object(bounces_store, "words_of", failing):
			judge()
		self.assertEqual(sorted(self.bounced()), sorted([self.people[0], *self.people[2:]]))
		self.assertEqual(frappe.db.count(EVENT, {"status": "Waiting"}), 1)
		self.judge_later()
		self.assert_each_bounced_once()

	def test_a_second_bounce_of_a_mail_and_one_that_proves_nothing_come_alone(self):
		arrivals_store.store(self.bounce(self.people[0]), ACCOUNT)
		arrivals_store.store(self.bounce(self.people[1], about=OTHER), ACCOUNT)
		judge()
		frappe.db.rollback()
		self.assertEqual(frappe.db.count(EVENT, {"status": "Unproven"}), 1)
		frappe.db.delete(EVENT, {"status": "Unproven"})
		frappe.db.commit()
		self.assertEqual(frappe.db.count(EVENT), 5)
		self.assert_each_bounced_once()

	def test_a_person_counts_once_by_the_mails_that_bounced(self):
		first, again = frappe.get_all("Campaign Message", {"source": self.mailing}, pluck="name")[:2]
		frappe.db.set_value("Campaign Message", again, "resend_of", first)
		frappe.db.commit()
		judge()
		form = self.form(self.mailing)
		self.assertEqual((form.bounced_count, form.hard_bounce_count), (3, 4))
