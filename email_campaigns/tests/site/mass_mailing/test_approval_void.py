"""Changes that void an approval, before the start and under way."""

import frappe

from email_campaigns.api.desk import approval, mass_email
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.approvals import TEN, ApprovalTest, change_template
from email_campaigns.tests.site.kits.builders import (
	PREFIX,
	a_campaign,
	a_list,
	address,
	change,
	settings,
	starts,
)


class TestVoidBeforeTheStart(ApprovalTest):
	def test_by_an_edit_of_content(self):
		self.approved()
		doc = self.edit(from_name="Another")
		form = self.form(self.mailing)
		self.assertEqual((doc.status, form.status, form.from_name), ("Draft", "Draft", "Another"))
		self.assertEqual((form.approved_by, form.approved_on, form.approval_hash), (None, None, ""))
		self.assertIn("boss approved it", form.problem)
		self.assertIn("is a Draft again", self.notifications(self.clerk)[0])
		doc.save()

	def test_whoever_edits_is_told(self):
		self.approved()
		frappe.clear_messages()
		self.edit(subject_prefix="[REMINDER]")
		self.assertIn("It is a Draft again.", str(frappe.get_message_log()))

	def test_by_an_edit_of_the_audience(self):
		other = a_list(address("one"), title=f"{PREFIX} Other")
		for values in (
			{"target_lists": [{"target_list": other}]},
			{"excluding_target_lists": [{"target_list": other}]},
			{"seed_list": other},
			{"holdout_percent": 10},
			{"duplicate_policy": "One mail per record"},
		):
			with self.subTest(values):
				self.mailing = self.made_by(self.clerk, "Sending List")
				self.approved()
				self.edit(**values)
				self.assertEqual(self.status, "Draft")

	def test_not_by_another_time_or_pace(self):
		self.approved()
		hour = frappe.utils.add_to_date(frappe.utils.now_datetime(), hours=5)
		self.edit(start_date=hour, pace="Mails per hour", hourly_rate=10)
		self.assertEqual((self.status, self.steps()["approved_by"]), ("Pending", self.boss))

	def test_by_an_edit_of_the_template(self):
		self.approved()
		template = self.form(self.mailing).email_template
		self.edit_template()
		starts(self.mailing, -1)
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approval_hash, self.received()), ("Draft", "", []))
		self.assertIn(f"The Email Template {template} was changed after boss approved it", form.problem)
		self.assertIn(template, self.notifications(self.clerk)[0])

	def test_by_a_campaign_that_becomes_another_kind(self):
		self.approved()
		campaign = self.form(self.mailing).campaign
		change("Campaign", campaign, campaign_type="Informational Email")
		starts(self.mailing, -1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))

	def test_by_settings_that_want_an_approval_of_what_had_none(self):
		settings(approval="Not needed")
		starts(self.mailing, 3600)
		self.by(self.clerk, approval.submit, self.mailing)
		settings(approval="Needed")
		starts(self.mailing, -1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Draft", []))
		self.assertIn("needs an approval", self.form(self.mailing).problem)

	def test_paused_before_its_start_it_is_approved_anew(self):
		self.approved()
		self.by(self.clerk, mass_email.pause, self.mailing)
		self.edit_template()
		self.refuses("has to approve", self.clerk, mass_email.resume, self.mailing)
		self.by(self.boss, approval.approve, self.mailing)
		self.by(self.clerk, mass_email.resume, self.mailing)
		self.assertEqual(self.status, "Pending")


class TestVoidUnderWay(ApprovalTest):
	def setUp(self):
		super().setUp()
		settings(batch_size=3)

	def begun(self):
		"""Approve and send four mails, then stop."""
		self.at_mail(4, lambda: mass_email.pause(self.mailing))
		self.approved(-1)
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Paused", TEN[:4]))

	def test_a_changed_template_pauses_it_until_it_is_approved_anew(self):
		self.begun()
		self.by(self.clerk, mass_email.resume, self.mailing)
		self.edit_template("<p>Changed</p>")
		self.go_on()
		form = self.form(self.mailing)
		self.assertEqual((form.status, self.received()), ("Paused", TEN[:4]))
		self.assertIn("was changed after boss approved it", form.problem)
		self.assertIn("is paused", self.notifications(self.clerk)[0])
		self.refuses("has to approve", self.clerk, mass_email.resume, self.mailing)
		form.run_method("onload")
		self.assertIn("was changed", form.get_onload().approval_fault)
		self.by(self.other, approval.approve, self.mailing)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approved_by, form.problem), ("Paused", self.other, ""))
		self.by(self.clerk, mass_email.resume, self.mailing)
		self.go_on()
		self.assertEqual(self.status, "Complete")
		self.assertSentTo(self.mailing, TEN)
		self.assertIn(b"Changed", self.server.messages[-1].content)

	def test_between_two_pages(self):
		template = self.form(self.mailing).email_template
		self.approved(-1)
		sending.tick()
		sending.freeze(self.mailing)
		change_template(template, "<p>Changed</p>")
		self.go_on()
		self.assertEqual((self.status, self.received()), ("Paused", []))
		self.assertEqual(self.statuses(self.mailing), {"Queued": 10})

	def test_lists_of_the_campaign_changed_before_the_freeze(self):
		campaign = a_campaign(target_lists=[{"target_list": "Sending List"}])
		self.mailing = self.made_by(self.clerk, campaign=campaign)
		frappe.db.delete("Campaign Target List", {"parent": self.mailing})
		self.approved(-1)
		sending.tick()
		doc = frappe.get_doc("Campaign", campaign)
		doc.set("target_lists", [{"target_list": a_list(address("one"), title=f"{PREFIX} Other")}])
		doc.save()
		frappe.db.commit()
		self.go_on()
		self.assertEqual((self.status, self.statuses(self.mailing)), ("Paused", {}))
		self.assertIn(f"The Campaign {campaign} was changed", self.form(self.mailing).problem)

	def test_what_is_as_it_was_approved_needs_no_approval(self):
		self.begun()
		self.refuses("approved as it is", self.boss, approval.approve, self.mailing)

	def test_a_mailing_that_had_started_without_one_goes_on(self):
		settings(approval="Not needed")
		self.at_mail(4, lambda: mass_email.pause(self.mailing))
		self.send(self.mailing)
		settings(approval="Needed")
		self.by(self.clerk, mass_email.resume, self.mailing)
		self.go_on()
		self.assertSentTo(self.mailing, TEN)
