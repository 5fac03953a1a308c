"""Approvals: asking for one, giving it, rejecting."""

import frappe

from email_campaigns.api.desk import approval, mass_email
from email_campaigns.mass_mailing import approval_store
from email_campaigns.tests.site.kits.approvals import TEN, ApprovalTest
from email_campaigns.tests.site.kits.builders import PREFIX, a_user, change, settings


class TestAsking(ApprovalTest):
	def test_a_user_asks_a_manager_approves_and_it_goes(self):
		self.ask()
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.requested_by), ("Pending Approval", self.clerk))
		self.go_on()
		self.assertEqual(self.received(), [])
		self.by(self.boss, approval.approve, self.mailing)
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.approved_by), ("Pending", self.boss))
		self.assertTrue(form.approved_on and len(form.approval_hash) == 64)
		self.go_on()
		self.assertEqual(self.status, "Complete")
		self.assertSentTo(self.mailing, TEN)

	def test_all_managers_are_notified_but_not_the_one_who_asks(self):
		change("Mass Email", self.mailing, title=f"{PREFIX} <b>Spring</b>")
		self.by(self.boss, approval.submit, self.mailing)
		self.assertEqual(self.notifications(self.boss), [])
		((notification,), nobody) = self.notifications(self.other), self.notifications(self.clerk)
		self.assertIn("&lt;b&gt;Spring", notification)
		self.assertIn("boss asks you to approve", notification)
		self.assertEqual(nobody, [])

	def test_the_approver_that_the_mailing_names_is_the_one_who_is_asked(self):
		self.edit(approver=self.other)
		self.ask()
		self.assertEqual((len(self.notifications(self.other)), self.notifications(self.boss)), (1, []))

	def test_a_start_in_the_future_is_kept(self):
		self.approved()
		before = self.steps()["start_epoch"]
		self.go_on()
		self.assertEqual((self.status, self.steps()["start_epoch"]), ("Pending", before))

	def test_a_start_that_has_passed_meanwhile_is_at_once(self):
		self.approved(-600)
		self.go_on()
		self.assertSentTo(self.mailing, TEN)

	def test_the_direct_way_is_closed(self):
		self.ask()
		self.refuses("needs an approval", self.clerk, mass_email.resume, self.mailing)
		self.refuses("", self.clerk, approval.submit, self.mailing)
		settings(approval="Not needed")
		self.refuses("can't become", self.clerk, approval.submit, self.mailing)

	def test_without_the_need_it_goes_straight(self):
		settings(approval="Not needed")
		self.by(self.clerk, approval.submit, self.mailing)
		self.assertEqual((self.status, self.steps()["requested_by"]), ("Pending", None))
		self.go_on()
		self.assertSentTo(self.mailing, TEN)

	def test_while_it_waits_nobody_edits_it_and_its_asker_takes_it_back(self):
		self.ask()
		self.refuses("can't be edited", self.clerk, self.edit, from_name="Later")
		self.refuses("Only .*clerk", self.boss, mass_email.back_to_draft, self.mailing)
		self.by(self.clerk, mass_email.back_to_draft, self.mailing)
		self.assertEqual(self.status, "Draft")

	def test_a_form_cannot_write_an_approval(self):
		self.edit(approved_by=self.boss, approval_hash="forged", requested_by=self.boss)
		self.assertFalse(self.steps()["approval_hash"])
		self.assertIsNone(self.steps()["approved_by"])
		self.approved()
		forged = approval_store.fingerprint(approval_store.mailing_store.load_mass_email(self.mailing))
		self.edit(from_name="Another", approval_hash=forged)
		self.assertEqual(self.status, "Draft")


class TestApproving(ApprovalTest):
	def test_a_campaign_user_may_not(self):
		self.ask()
		for method, arguments in ((approval.approve, ()), (approval.reject, ("Because",))):
			self.refuses(
				"not a Campaign Manager",
				self.clerk,
				method,
				self.mailing,
				*arguments,
				error=frappe.PermissionError,
			)

	def test_who_may_not_read_it_can_call_nothing(self):
		stranger = a_user("stranger", "Sales User")
		for method, arguments in (
			(approval.prepare, ()),
			(approval.submit, ()),
			(approval.approve, ()),
			(approval.reject, ("Because",)),
		):
			with self.subTest(method.__name__):
				self.refuses("", stranger, method, self.mailing, *arguments, error=frappe.PermissionError)
		search = ("User", "", "name", 0, 10, {})
		self.refuses("permission", stranger, approval.find_approvers, *search, error=frappe.PermissionError)

	def test_a_manager_who_lost_the_role_may_not(self):
		former = a_user("former", "Campaign Manager", "Campaign User")
		self.ask()
		frappe.get_doc("User", former).remove_roles("Campaign Manager")
		frappe.db.commit()
		self.refuses(
			"not a Campaign Manager", former, approval.approve, self.mailing, error=frappe.PermissionError
		)

	def test_a_draft_is_not_approved(self):
		self.refuses("can't become", self.boss, approval.approve, self.mailing)
		self.refuses("can't become", self.boss, approval.reject, self.mailing, "Because")

	def test_the_asker_is_told(self):
		self.ask()
		self.by(self.boss, approval.approve, self.mailing)
		self.assertIn("boss has approved", self.notifications(self.clerk)[0])

	def test_what_changed_since_the_approver_looked_is_not_approved_unseen(self):
		self.ask()
		seen = self.by(self.boss, approval.prepare, self.mailing)["seen"]
		self.edit_template()
		self.refuses("changed while you looked", self.boss, approval.approve, self.mailing, seen=seen)
		seen = self.by(self.boss, approval.prepare, self.mailing)["seen"]
		self.by(self.boss, approval.approve, self.mailing, seen=seen)
		self.assertEqual(self.status, "Pending")


class TestRejecting(ApprovalTest):
	def test_needs_a_reason(self):
		self.ask()
		for reason in ("", "  ", None):
			self.refuses("Say why", self.boss, approval.reject, self.mailing, reason)

	def test_goes_back_to_draft_with_the_reason_which_the_asker_reads(self):
		self.ask()
		self.by(self.boss, approval.reject, self.mailing, " <i>Wrong</i> price ")
		form = self.form(self.mailing)
		self.assertEqual((form.status, form.rejected_by), ("Draft", self.boss))
		self.assertEqual(form.rejection_reason, "<i>Wrong</i> price")
		self.assertIn("&lt;i&gt;Wrong", self.notifications(self.clerk)[0])

	def test_asking_again_clears_it(self):
		self.ask()
		self.by(self.boss, approval.reject, self.mailing, "Wrong price")
		self.edit(from_name="Right")
		self.ask()
		form = self.form(self.mailing)
		self.assertEqual((form.rejected_by, form.rejection_reason), (None, ""))


class TestAnotherPerson(ApprovalTest):
	need = "Needed, by another person"

	def test_neither_the_asker_nor_the_owner(self):
		self.mailing = self.made_by(self.boss, "Sending List")
		self.by(self.other, approval.submit, self.mailing)
		for user in (self.boss, self.other):
			self.refuses("another person", user, approval.approve, self.mailing)
			self.refuses("another person", user, approval.reject, self.mailing, "Because")
		self.by("Administrator", approval.approve, self.mailing)
		self.assertEqual(self.status, "Pending")

	def test_nor_can_they_be_asked(self):
		self.edit(approver=self.boss)
		self.refuses("another person", self.boss, approval.submit, self.mailing)

	def test_needed_alone_is_content_with_the_asker(self):
		settings(approval="Needed")
		self.by(self.boss, approval.submit, self.mailing)
		self.by(self.boss, approval.approve, self.mailing)
		self.assertEqual(self.status, "Pending")


class TestApprover(ApprovalTest):
	def test_who_is_no_manager_cannot_be_chosen(self):
		self.refuses("not a Campaign Manager", self.clerk, self.edit, approver=self.clerk)

	def test_who_lost_the_role_is_refused_at_save_and_when_asking(self):
		former = a_user("former", "Campaign Manager")
		self.edit(approver=former)
		frappe.get_doc("User", former).remove_roles("Campaign Manager")
		frappe.db.commit()
		self.refuses("former is not a Campaign Manager any more", self.clerk, self.edit, from_name="Any")
		self.refuses("former is not a Campaign Manager any more", self.clerk, approval.submit, self.mailing)
		self.edit(approver="")
		self.ask()

	def test_who_is_disabled_is_refused(self):
		former = a_user("former", "Campaign Manager")
		self.edit(approver=former)
		change("User", former, enabled=0)
		self.refuses("former is disabled", self.clerk, self.edit, from_name="Any")
		change("Mass Email", self.mailing, approver="")
		self.assertNotIn("former", self.by(self.clerk, approval.prepare, self.mailing)["approvers"])

	def test_the_field_offers_managers_alone(self):
		search = ("User", "", "name", 0, 100, {})
		users = [user for user, _name in self.by(self.clerk, approval.find_approvers, *search)]
		self.assertIn(self.boss, users)
		self.assertNotIn(self.clerk, users)
		search = ("User", "oth", "name", 0, 100, {})
		self.assertEqual(self.by(self.clerk, approval.find_approvers, *search), [(self.other, "other")])
