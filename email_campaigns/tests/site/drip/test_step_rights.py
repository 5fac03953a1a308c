"""The mail of a step shows the fields of a record that all may read who answer for it."""

import frappe
from frappe.desk.form.load import get_communications

from email_campaigns.api.desk import drip as desk
from email_campaigns.tests.site.kits.builders import change
from email_campaigns.tests.site.kits.drips import DripTest, a_sequence, a_step, enrol
from email_campaigns.tests.site.kits.rights import (
	HTML,
	KIM,
	LIST,
	SECRET,
	Rights,
	save_as,
	secret_contact,
	seller,
	writer,
)


class StepRightsTest(Rights, DripTest):
	def setUp(self):
		super().setUp()
		self.contact = secret_contact()
		self.campaign = a_sequence(a_step(0, html=HTML))
		frappe.db.commit()

	def template(self):
		return frappe.get_doc("Campaign", self.campaign).campaign_schedules[0].email_template


class TestAuthors(StepRightsTest):
	def shows(self, **values):
		enrol(self.campaign, self.contact, **values)
		self.at(0, 23)
		return SECRET in self.shown()

	def test_an_administrators_step_shows_all(self):
		self.assertTrue(self.shows())

	def test_whoever_saved_the_template_last_is_an_author(self):
		save_as(writer(), "Email Template", self.template(), subject="Another")
		self.assertFalse(self.shows())

	def test_whoever_saved_the_schedule_last_is_an_author(self):
		save_as(writer(), "Campaign", self.campaign, description="Mine")
		self.assertFalse(self.shows())

	def test_the_sender_is_an_author(self):
		self.assertFalse(self.shows(sender=writer()))

	def test_the_form_says_whose_rights_count(self):
		save_as(writer(), "Email Template", self.template(), subject="Another")
		doc = frappe.get_doc("Campaign", self.campaign)
		doc.run_method("onload")
		self.assertEqual(doc.get_onload("authors"), ["Administrator", "writer"])

	def test_where_the_last_editor_is_disabled_the_step_waits_until_somebody_saves_the_text(self):
		user = seller()
		save_as(user, "Email Template", self.template(), subject="Another")
		change("User", user, enabled=0)
		name = enrol(self.campaign, self.contact)
		self.at(0, 23)
		self.assertEqual(self.received(), [])
		self.assertIn("seller is disabled", frappe.db.get_value("Campaign", self.campaign, "drip_problem"))
		save_as("Administrator", "Email Template", self.template(), subject="Mine")
		self.due_again(name)
		self.at(0, 23)
		self.assertIn(SECRET, self.shown())


class TestShown(StepRightsTest):
	def test_whoever_may_not_read_the_record_sees_neither_the_email_campaign_nor_the_mail(self):
		name = enrol(self.campaign, self.contact)
		self.at(0, 23)
		frappe.set_user(writer())
		for doctype, document in (("Email Campaign", name), ("Contact", self.contact)):
			with self.assertRaises(frappe.PermissionError):
				get_communications(doctype, document)
		frappe.set_user("Administrator")
		(mail,) = get_communications("Contact", self.contact)
		self.assertIn(SECRET, mail.content)

	def test_the_preview_of_a_step_shows_no_record_that_the_user_may_not_read(self):
		name = enrol(self.campaign, self.contact)
		for user in (writer(), seller()):
			self.restrict(user, secret_contact(KIM, title="Sending Other"))
			frappe.set_user(user)
			with self.assertRaises(frappe.PermissionError):
				desk.preview(name, 1)
			frappe.set_user("Administrator")
			frappe.db.delete("Contact", {"email_id": KIM})
		self.assertIn(SECRET, desk.preview(name, 1)["html"])

	def test_the_preview_for_a_group_shows_the_first_member_that_the_user_may_read(self):
		other = secret_contact(KIM)
		name = enrol(self.campaign, LIST, "Target List")
		self.assertEqual(desk.preview(name, 1)["record"], self.contact)
		user = seller()
		self.restrict(user, other)
		frappe.set_user(user)
		self.assertEqual(desk.preview(name, 1)["record"], other)
		frappe.set_user(writer())
		with self.assertRaisesRegex(frappe.ValidationError, "may read none"):
			desk.preview(name, 1)
