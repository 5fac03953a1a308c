"""Bounces and complaints: what they stamp, log and suppress, and what they need to be believed."""

import frappe

from email_campaigns.audience.suppression import suppression_store
from email_campaigns.inbound.values import BounceClass, Finding, Kind, Report
from email_campaigns.jobs import outcomes
from email_campaigns.tests.site.kits.builders import address, change, settings
from email_campaigns.tests.site.kits.came_back import JO, CameBackTest, a_report, an_event

OTHER = address("other")


class TestHardBounces(CameBackTest):
	def setUp(self):
		super().setUp()
		self.mailing = self.sent(JO, OTHER)
		self.message = self.mail(self.mailing)

	def test_a_hard_bounce_suppresses_the_address_and_stamps_the_mail(self):
		event = self.apply(a_report(JO), self.message)
		row = self.row(self.message)
		self.assertEqual((row.status, bool(row.bounced_at)), ("Sent", True))
		self.assertEqual((self.suppression(), self.suppression(OTHER)), ("Hard Bounce", None))
		origin, refusal = frappe.db.get_value("Suppressed Email", {"email": JO}, ["origin", "refusal"])
		self.assertEqual(origin, f"{self.mailing}: 5.1.1 user unknown, reported by mx.example")
		self.assertEqual(refusal, "5 5.1.1 user unknown")
		self.assertEqual(
			self.logged("Bounced"), ["The address is dead: 5.1.1 user unknown, reported by mx.example"]
		)
		doc = self.event(event)
		self.assertEqual((doc.status, doc.kind, doc.bounce_class), ("Done", "Bounce", "Hard"))
		self.assertEqual((doc.email, doc.mailing, doc.message), (JO, self.mailing, self.message))

	def test_the_figures_count_it_once_and_agree_with_the_ledger(self):
		for _time in range(2):
			self.apply(a_report(JO), self.message)
		form = self.form(self.mailing)
		self.assertEqual((form.bounced_count, form.hard_bounce_count), (1, 1))
		self.assertEqual(len(self.logged("Bounced")), 1)
		self.assertFiguresAgree(self.mailing)

	def test_an_event_that_is_judged_again_changes_nothing(self):
		event = self.apply(a_report(JO), self.message)
		frappe.db.delete("Suppressed Email", {"email": JO})
		self.assertFalse(outcomes.apply(event, a_report(JO), self.message))
		frappe.db.commit()
		self.assertIsNone(self.suppression())
		self.assertEqual(len(self.logged("Bounced")), 1)

	def test_a_job_that_is_killed_in_between_leaves_the_event_as_it_was(self):
		event = an_event()
		outcomes.apply(event, a_report(JO), self.message)
		frappe.db.rollback()
		self.assertEqual(self.event(event).status, "Waiting")
		self.assertIsNone(self.row(self.message).bounced_at)
		self.assertTrue(outcomes.apply(event, a_report(JO), self.message))
		frappe.db.commit()
		self.assertEqual(self.suppression(), "Hard Bounce")

	def test_a_report_on_another_address_is_unproven(self):
		event = self.event(self.apply(a_report("somebody@else.example"), self.message))
		self.assertEqual(event.status, "Unproven")
		self.assertEqual(event.reason, f"It reports on somebody@else.example, and the mail went to {JO}.")
		self.assertIsNone(self.suppression())
		self.assertIsNone(self.row(self.message).bounced_at)

	def test_a_report_without_an_address_or_a_mail_is_unproven(self):
		event = self.event(self.apply(a_report(""), self.message))
		self.assertIn("does not say which address", event.reason)
		self.assertEqual(self.event(self.apply(a_report(JO), None)).status, "Unproven")
		self.assertIsNone(self.suppression())

	def test_the_original_recipient_proves_a_forwarded_mail(self):
		self.apply(a_report("forwarded@else.example", original_address=JO.upper()), self.message)
		self.assertEqual(self.suppression(), "Hard Bounce")
		self.assertIsNone(self.suppression("forwarded@else.example"))

	def test_of_300_recipients_only_that_of_our_mail_counts(self):
		reports = [Report(Kind.BOUNCE, address(f"n{n}"), bounce_class=BounceClass.HARD) for n in range(300)]
		reports.append(Report(Kind.DELIVERY, JO))
		finding = Finding(Kind.BOUNCE, a_report(JO).clues, reports=tuple(reports))
		event = self.event(self.apply(finding, self.message))
		self.assertEqual((event.status, event.kind), ("Done", "Delivery"))
		self.assertEqual(frappe.db.count("Suppressed Email", {"email": ("like", "%@sending.example")}), 0)

	def test_a_bounce_while_the_batch_is_under_way_is_counted_by_the_batch(self):
		change("Campaign Message", self.message, claim="a batch", lease_until=2**40)
		self.apply(a_report(JO), self.message)
		self.assertTrue(self.row(self.message).bounced_at)
		self.assertEqual(self.form(self.mailing).bounced_count, 0)


class TestOtherReports(CameBackTest):
	def setUp(self):
		super().setUp()
		self.mailing = self.sent()
		self.message = self.mail(self.mailing)

	def test_blocked_suppresses_nobody(self):
		self.apply(a_report(JO, bounce_class=BounceClass.BLOCKED, enhanced="5.7.26"), self.message)
		self.assertTrue(self.row(self.message).bounced_at)
		self.assertIsNone(self.suppression())

	def test_delayed_and_delivered_are_no_bounces(self):
		self.apply(a_report(JO, Kind.DELAY), self.message)
		self.apply(a_report(JO, Kind.DELIVERY), self.message)
		self.assertIsNone(self.row(self.message).bounced_at)
		self.assertIsNone(self.suppression())
		self.assertEqual((len(self.logged("Delayed")), len(self.logged("Bounced"))), (1, 0))

	def test_any_report_settles_an_uncertain_mail(self):
		for kind in (Kind.BOUNCE, Kind.DELAY, Kind.DELIVERY, Kind.COMPLAINT):
			change("Campaign Message", self.message, status="Uncertain", bounced_at=None)
			self.apply(a_report(JO, kind), self.message)
			self.assertEqual(self.row(self.message).status, "Sent", kind)

	def test_a_complaint_suppresses_at_once_and_is_logged(self):
		for _time in range(2):
			self.apply(a_report(JO, Kind.COMPLAINT, enhanced="", text="abuse"), self.message)
		self.assertEqual(self.suppression(), "Complaint")
		self.assertEqual(self.logged("Complained"), ["abuse, reported by mx.example"])
		form = self.form(self.mailing)
		self.assertEqual((form.complained_count, form.complaint_count), (1, 1))

	def test_a_redacted_complaint_counts_and_one_about_somebody_else_does_not(self):
		event = self.apply(a_report("bob@sending.example", Kind.COMPLAINT), self.message)
		self.assertEqual((self.event(event).status, self.suppression()), ("Unproven", None))
		self.apply(a_report("redacted@sending.example", Kind.COMPLAINT), self.message)
		self.assertEqual(self.suppression(), "Complaint")


class TestSoftBounces(CameBackTest):
	def setUp(self):
		super().setUp()
		settings(soft_bounces=2)

	def bounce(self) -> str:
		mailing = self.sent()
		self.apply(a_report(JO, bounce_class=BounceClass.SOFT, enhanced="4.2.2"), self.mail(mailing))
		return mailing

	def test_some_within_days_suppress_for_a_while(self):
		self.bounce()
		self.assertIsNone(self.suppression())
		self.bounce()
		self.assertEqual(self.suppression(), "Soft Bounce")
		self.assertEqual(
			self.ledger(self.sent(JO, OTHER)),
			{JO: ("Skipped", "Suppressed: Soft Bounce"), OTHER: ("Sent", "")},
		)

	def test_those_of_one_mail_count_once_and_old_ones_not_at_all(self):
		mailing = self.bounce()
		self.apply(a_report(JO, bounce_class=BounceClass.SOFT), self.mail(mailing))
		self.assertIsNone(self.suppression())
		frappe.db.sql("UPDATE `tabInbound Event` SET received_at = received_at - INTERVAL 15 DAY")
		self.bounce()
		self.assertIsNone(self.suppression())

	def test_the_suppression_ends_by_itself(self):
		self.bounce()
		self.bounce()
		frappe.db.sql("UPDATE `tabSuppressed Email` SET expires_epoch = 1 WHERE email = %s", JO)
		frappe.db.commit()
		self.assertEqual(self.ledger(self.sent()), {JO: ("Sent", "")})
		outcomes.end_suppressions()
		self.assertIsNone(self.suppression())
		self.assertEqual(len(self.logged("Suppression Lifted", email=JO)), 1)

	def test_a_wish_outlives_it(self):
		self.bounce()
		self.bounce()
		suppression_store.suppress(JO, reason="Unsubscribed", origin="test")
		frappe.db.sql(
			"UPDATE `tabSuppressed Email` SET expires_epoch = 1 WHERE email = %s AND expires_epoch > 0", JO
		)
		outcomes.end_suppressions()
		self.assertEqual(self.suppression(), "Unsubscribed")
		# A soft bounce that comes later does not hide the wish either.
		suppression_store.suppress(JO, reason="Soft Bounce", origin="test", expires=2)
		outcomes.end_suppressions()
		self.assertEqual(self.suppression(), "Unsubscribed")

	def test_a_hard_bounce_takes_its_place_for_ever(self):
		self.bounce()
		self.apply(a_report(JO), self.mail(self.bounce()))
		reason, expires = frappe.db.get_value("Suppressed Email", {"email": JO}, ["reason", "expires_epoch"])
		self.assertEqual((reason, expires), ("Hard Bounce", 0))
