"""The life of a mailing on its form: its buttons, its start and end, and what may be edited."""

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import approval, mass_email
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.jobs import sending, upkeep
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_list,
	a_mailing,
	address,
	addresses,
	change,
	settings,
	starts,
)
from email_campaigns.tests.site.kits.queue import run_job, waiting_jobs
from email_campaigns.tests.site.kits.sending_test import SendingTest

TEN = addresses(10)


class MailingTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.mailing = a_mailing(a_list(*TEN))

	@property
	def status(self):
		return self.form(self.mailing).status

	def refuses(self, words, method, *arguments, **options):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			method(*arguments, **options)
		frappe.db.rollback()


class TestStart(MailingTest):
	def test_send_now_goes_from_draft_to_complete(self):
		self.assertEqual(frappe.get_doc("Mass Email", self.mailing).status, "Draft")
		self.start(self.mailing)
		self.assertEqual(self.status, "Pending")
		self.assertEqual(waiting_jobs(), ["ec-tick"])
		run_job("ec-tick")
		self.assertEqual(self.status, "In Process")
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.planned_count, form.sent_count), ("Complete", 10, 10))
		self.assertTrue(form.started_on <= form.completed_on)
		self.assertSentTo(self.mailing, TEN)

	def test_a_start_in_the_future_waits_for_its_time(self):
		starts(self.mailing, 3600)
		approval.submit(self.mailing)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Pending", []))
		starts(self.mailing, -1)
		self.go_on()
		self.assertSentTo(self.mailing, TEN)

	def test_send_now_overrules_a_start_in_the_future(self):
		starts(self.mailing, 3600)
		change("Mass Email", self.mailing, send_when="Now")
		self.send(self.mailing)
		self.assertSentTo(self.mailing, TEN)

	def test_a_schedule_needs_a_start(self):
		change("Mass Email", self.mailing, send_when="Later")
		self.refuses("Set the Start", approval.submit, self.mailing)

	def test_a_schedule_needs_a_list(self):
		self.mailing = a_mailing()
		self.refuses("at least one target list", approval.submit, self.mailing)

	def test_an_empty_list_is_nobody_to_mail(self):
		self.refuses(
			"Nobody on the target lists", approval.submit, a_mailing(a_list(title="Sending Empty List"))
		)

	def test_a_list_that_is_emptied_after_the_button_is_nobody_to_mail(self):
		target_list = a_list(address("gone"), title="Sending Empty List")
		self.mailing = self.start(a_mailing(target_list))
		members_store.delete_members(target_list)
		frappe.db.commit()
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual(form.status, "Failed")
		self.assertIn("Nobody on the target lists", form.problem)

	def test_back_to_draft(self):
		self.start(self.mailing)
		mass_email.back_to_draft(self.mailing)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))

	def test_a_complete_mailing_is_not_sent_again(self):
		self.send(self.mailing)
		for button in (approval.submit, mass_email.pause, mass_email.resume, mass_email.back_to_draft):
			with self.assertRaises(frappe.ValidationError):
				button(self.mailing)
		self.refuses("can't become", mass_email.cancel, self.mailing, "Too late")
		self.go_on()
		self.assertSentTo(self.mailing, TEN)


class TestEditing(MailingTest):
	def edit(self, **values):
		frappe.db.rollback()
		doc = frappe.get_doc("Mass Email", self.mailing)
		doc.update(values)
		doc.save()

	def test_a_draft_and_a_pending_mailing_can_be_edited(self):
		self.edit(from_name="Draft")
		frappe.db.commit()
		self.start(self.mailing)
		self.edit(from_name="Pending")
		self.assertEqual(self.status, "Pending")

	def test_no_other_can(self):
		for status in ("Pending Approval", "In Process", "Paused", "Complete", "Cancelled", "Failed"):
			change("Mass Email", self.mailing, status=status)
			self.refuses(f"that is {status} can't be edited", self.edit, from_name="Later")

	def test_saving_never_changes_the_status(self):
		for status in ("Pending", "In Process", "Complete"):
			self.refuses("The status changes through", self.edit, status=status)

	def test_a_new_mailing_is_a_draft_whatever_it_says(self):
		name = a_mailing("Sending List", status="Complete")
		self.assertEqual(frappe.db.get_value("Mass Email", name, "status"), "Draft")

	def test_line_breaks_in_what_becomes_a_header(self):
		for field in ("from_name", "reply_to"):
			for value in ("A\r\nBcc: x@sending.example", "A\nB", "A\rB", "A\u2028B"):
				with self.subTest(field=field, value=value), self.assertRaises(frappe.ValidationError):
					self.edit(**{field: value})

	def test_a_started_mailing_is_not_deleted(self):
		self.send(self.mailing)
		self.refuses("can't be deleted", frappe.delete_doc, "Mass Email", self.mailing)


class TestCampaign(MailingTest):
	def test_its_lists_and_exclusions_are_defaults(self):
		excluded = a_list(TEN[0], title="Sending Excluded")
		campaign = a_campaign(
			target_lists=[{"target_list": "Sending List"}],
			excluding_target_lists=[{"target_list": excluded}],
		)
		name = self.send(a_mailing(campaign=campaign))
		self.assertEqual([row.target_list for row in self.form(name).target_lists], ["Sending List"])
		self.assertSentTo(name, TEN[1:])

	def test_lists_of_the_mailing_take_their_place(self):
		campaign = a_campaign(target_lists=[{"target_list": "Sending List"}])
		name = self.send(a_mailing(a_list(address("other"), title="Sending Other"), campaign=campaign))
		self.assertSentTo(name, [address("other")])

	def test_an_inactive_campaign_starts_nothing(self):
		self.start(self.mailing)
		change("Campaign", self.form(self.mailing).campaign, status="Inactive")
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Pending", []))

	def test_a_campaign_made_inactive_in_mid_page_stops_after_the_mail_that_is_leaving(self):
		campaign = self.form(self.mailing).campaign
		self.at_mail(4, lambda: change("Campaign", campaign, status="Inactive"))
		self.send(self.mailing)
		self.assertEqual(self.received(), TEN[:4])
		self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Queued": 6})
		change("Campaign", campaign, status="Active")
		self.go_on()
		self.assertSentTo(self.mailing, TEN)


class TestPause(MailingTest):
	def test_it_stops_after_the_mail_that_is_leaving_and_resume_sends_the_difference(self):
		settings(batch_size=3)
		self.at_mail(5, lambda: mass_email.pause(self.mailing))
		self.send(self.mailing)
		self.assertEqual((self.status, self.received()), ("Paused", TEN[:5]))
		self.assertEqual(self.statuses(self.mailing), {"Sent": 5, "Queued": 5})
		self.assertNothingLost(self.mailing)
		self.go_on()
		self.assertEqual(self.received(), TEN[:5])
		mass_email.resume(self.mailing)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.status, "Complete")
		self.assertSentTo(self.mailing, TEN)

	def test_a_pending_mailing_that_was_paused_is_pending_again(self):
		starts(self.mailing, 3600)
		approval.submit(self.mailing)
		mass_email.pause(self.mailing)
		mass_email.resume(self.mailing)
		frappe.db.commit()
		self.assertEqual(self.status, "Pending")

	def test_paused_in_mid_freeze_it_goes_on_freezing(self):
		self.start(self.mailing)
		sending.tick()
		mass_email.pause(self.mailing)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.statuses(self.mailing), {})
		mass_email.resume(self.mailing)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(self.mailing, TEN)


class TestCancel(MailingTest):
	def test_it_needs_a_reason(self):
		self.refuses("Say why", mass_email.cancel, self.mailing, "  ")

	def test_in_mid_page_it_ends_the_rest_with_the_reason(self):
		self.at_mail(4, lambda: mass_email.cancel(self.mailing, "Wrong price"))
		self.send(self.mailing)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.cancel_reason), ("Cancelled", "Wrong price"))
		self.assertEqual(self.received(), TEN[:4])
		self.assertEqual(self.statuses(self.mailing), {"Sent": 4, "Cancelled": 6})
		self.assertEqual(self.ledger(self.mailing)[TEN[9]], ("Cancelled", "Cancelled: Wrong price"))
		self.assertNothingLost(self.mailing)

	def test_in_mid_freeze_nobody_is_planned_any_more(self):
		self.start(self.mailing)
		sending.tick()
		mass_email.cancel(self.mailing, "Wrong list")
		frappe.db.commit()
		self.go_on()
		self.assertEqual((self.status, self.statuses(self.mailing)), ("Cancelled", {}))


class TestOptOutUnderWay(MailingTest):
	def test_between_freeze_and_send_it_skips_the_mail(self):
		self.start(self.mailing)
		sending.tick()
		sending.freeze(self.mailing)
		suppress(TEN[2], reason="Unsubscribed", origin="test")
		suppress(TEN[4], reason="Unsubscribed", origin="test", target_list="Sending List")
		suppress(TEN[6], reason="Complaint", origin="test")
		frappe.db.commit()
		self.go_on()
		ledger = self.ledger(self.mailing)
		self.assertEqual(ledger[TEN[2]], ("Skipped", "Unsubscribed"))
		self.assertEqual(ledger[TEN[4]], ("Skipped", "Unsubscribed"))
		self.assertEqual(ledger[TEN[6]], ("Skipped", "Suppressed: Complaint"))
		self.assertSentTo(self.mailing, [email for email in TEN if email not in (TEN[2], TEN[4], TEN[6])])

	def test_in_mid_page(self):
		self.at_mail(3, lambda: suppress(TEN[8], reason="Unsubscribed", origin="test"))
		self.send(self.mailing)
		self.assertEqual(self.ledger(self.mailing)[TEN[8]], ("Skipped", "Unsubscribed"))
		self.assertSentTo(self.mailing, [email for email in TEN if email != TEN[8]])

	def test_informational_mail_leaves_all_the_same(self):
		campaign = a_campaign(campaign_type="Informational Email")
		name = self.start(a_mailing("Sending List", campaign=campaign))
		sending.tick()
		sending.freeze(name)
		suppress(TEN[2], reason="Unsubscribed", origin="test")
		suppress(TEN[3], reason="Hard Bounce", origin="test")
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.ledger(name)[TEN[3]], ("Skipped", "Suppressed: Hard Bounce"))
		self.assertSentTo(name, [email for email in TEN if email != TEN[3]])


class TestHourlyJob(MailingTest):
	def test_campaigns_become_active_and_complete_by_their_dates(self):
		today = now_datetime().date()
		yesterday, tomorrow = add_to_date(today, days=-1), add_to_date(today, days=1)
		cases = {
			a_campaign(start_date=today): "Active",
			a_campaign(start_date=tomorrow): "Planning",
			a_campaign(): "Planning",
			a_campaign(start_date=yesterday, end_date=today): "Active",
			a_campaign(start_date=yesterday, end_date=yesterday, status="Active"): "Complete",
			a_campaign(start_date=yesterday, status="Inactive"): "Inactive",
		}
		frappe.db.sql("UPDATE `tabTarget List` SET member_count = 0 WHERE name = 'Sending List'")
		upkeep.update_statuses()
		statuses = {name: frappe.db.get_value("Campaign", name, "status") for name in cases}
		self.assertEqual(statuses, cases)
		self.assertEqual(frappe.db.get_value("Target List", "Sending List", "member_count"), 10)
