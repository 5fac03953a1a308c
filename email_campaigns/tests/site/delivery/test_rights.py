"""A mail shows the fields of a record that all may read who answer for its text."""

import frappe

from email_campaigns.api.desk import approval, mass_email
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.mass_mailing.prepare import checks_store
from email_campaigns.tests.site.kits.builders import (
	a_campaign,
	a_mailing,
	a_template,
	address,
	change,
	settings,
)
from email_campaigns.tests.site.kits.rights import (
	HTML,
	JO,
	LIST,
	SECRET,
	Rights,
	only,
	save_as,
	secret_contact,
	seller,
	writer,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest


class RightsTest(Rights, SendingTest):
	def setUp(self):
		super().setUp()
		self.contact = secret_contact()
		self.writer = writer()

	def template(self, name):
		return frappe.db.get_value("Mass Email", name, "email_template")

	def shows(self, name, user="Administrator"):
		"""Start a mailing as `user`, and tell whether its mail shows the record's fields."""
		frappe.set_user(user)
		self.start(name)
		frappe.set_user("Administrator")
		self.go_on()
		html = self.shown()
		self.assertEqual(SECRET in html, "Zoë" in html)
		self.assertEqual(SECRET in html, "+32 2 123" in html)
		return SECRET in html


class TestAuthors(RightsTest):
	def test_an_administrators_mailing_shows_all(self):
		self.assertTrue(self.shows(a_mailing(LIST, html=HTML)))

	def test_whoever_saved_the_mailing_last_is_an_author(self):
		name = a_mailing(LIST, html=HTML)
		save_as(self.writer, "Mass Email", name, subject_prefix="[News]")
		self.assertFalse(self.shows(name))

	def test_a_form_can_not_name_another_editor(self):
		name = a_mailing(LIST, html=HTML)
		posted = {"edited_by": "Administrator", "modified_by": "Administrator", "rights_of": "Administrator"}
		save_as(self.writer, "Mass Email", name, **posted)
		self.assertEqual(
			frappe.db.get_value("Mass Email", name, ["edited_by", "rights_of"]), (self.writer, None)
		)
		self.assertFalse(self.shows(name))

	def test_whoever_saved_the_template_last_is_an_author(self):
		name = a_mailing(LIST, html="<p>Hello</p>")
		save_as(self.writer, "Email Template", self.template(name), response_html=HTML)
		self.assertFalse(self.shows(name))

	def test_whoever_made_the_template_is_an_author(self):
		frappe.set_user(self.writer)
		template = a_template(html=HTML)
		frappe.set_user("Administrator")
		save_as("Administrator", "Email Template", template, subject="Another")
		self.assertFalse(self.shows(a_mailing(LIST, email_template=template)))

	def test_the_templates_of_versions_count(self):
		frappe.set_user(self.writer)
		own = a_template(html="<p>Hi</p>")
		frappe.set_user("Administrator")
		for rows in (
			{"language_versions": [{"language": "de", "email_template": own}]},
			{"ab_versions": [{"email_template": own}], "ab_percent": 50, "ab_winner_by": "By hand"},
		):
			with self.subTest(rows=rows):
				name = a_mailing(LIST, html=HTML, **rows)
				self.assertIn(self.writer, authors_of(name))

	def test_whoever_starts_the_mailing_is_an_author(self):
		self.assertFalse(self.shows(a_mailing(LIST, html=HTML), self.writer))

	def test_whoever_approves_the_mailing_is_an_author(self):
		settings(approval="Needed")
		boss = only("boss", "Campaign Manager")
		name = self.start(a_mailing(LIST, html=HTML))
		frappe.set_user(boss)
		approval.approve(name)
		frappe.db.commit()
		frappe.set_user("Administrator")
		self.go_on()
		self.assertNotIn(SECRET, self.shown())

	def test_what_a_role_of_an_author_may_not_read_is_left_out(self):
		self.at_level(5, "Contact", "department")
		self.at_level(5, "Contact Phone", "phone")
		name = a_mailing(LIST, html=HTML)
		save_as(seller(), "Mass Email", name, subject_prefix="[News]")
		self.send(name)
		self.assertIn("[] Zoë []", self.shown())

	def test_a_right_to_ones_own_records_alone_is_none_to_those_of_a_list(self):
		self.permit("Contact", "Campaign User", read=1, if_owner=1)
		name = a_mailing(LIST, html=HTML)
		save_as(self.writer, "Mass Email", name, subject_prefix="[News]")
		self.assertFalse(self.shows(name))

	def test_a_role_that_an_author_has_lost_counts_no_more(self):
		user = seller()
		name = a_mailing(LIST, html=HTML)
		save_as(user, "Mass Email", name, subject_prefix="[News]")
		self.start(name)
		frappe.db.delete("Has Role", {"parent": user, "role": "Sales User"})
		frappe.clear_cache(user=user)
		frappe.db.commit()
		self.go_on()
		self.assertNotIn(SECRET, self.shown())

	def test_a_copy_of_the_mailing_has_the_authors_of_its_own(self):
		name = a_mailing(LIST, html=HTML)
		self.shows(name, self.writer)
		copy = frappe.copy_doc(frappe.get_doc("Mass Email", name), ignore_no_copy=False).insert().name
		frappe.db.commit()
		self.assertTrue(self.shows(copy))

	def test_a_renamed_author_stays_one(self):
		name = a_mailing(LIST, html=HTML)
		frappe.set_user(self.writer)
		self.start(name)
		frappe.set_user("Administrator")
		frappe.rename_doc("User", self.writer, address("scribe"))
		frappe.db.commit()
		self.assertIn(address("scribe"), frappe.db.get_value("Mass Email", name, "rights_of").split())
		self.go_on()
		self.assertNotIn(SECRET, self.shown())

	def test_the_check_list_and_the_form_say_whose_rights_count(self):
		name = a_mailing(LIST, html=HTML)
		frappe.set_user(self.writer)
		texts = [finding["text"] for finding in approval.prepare(name)["findings"]]
		self.assertTrue(
			any(text.startswith("Sent with the rights of") and "writer" in text for text in texts)
		)
		self.assertTrue(any("stay empty" in text and "Department" in text for text in texts), texts)
		save_as(self.writer, "Mass Email", name, subject_prefix="[News]")
		frappe.set_user("Administrator")
		doc = frappe.get_doc("Mass Email", name)
		doc.run_method("onload")
		self.assertEqual(doc.get_onload("authors"), ["writer", "Administrator"])


class TestMasks(RightsTest):
	"""Frappe 16 masks fields in what it reads for a user; on Frappe 15 a mask is only a mark on the field."""

	def setUp(self):
		super().setUp()
		self.mask("Contact", "department")
		self.mask("Contact", "email_id")
		self.mask("Contact Phone", "phone")
		self.seller = seller()

	def of_seller(self):
		name = a_mailing(LIST, html=HTML)
		save_as(self.seller, "Mass Email", name, subject_prefix="[News]")
		return name

	def test_a_masked_field_is_left_out_where_an_author_sees_its_mask(self):
		self.send(self.of_seller())
		self.assertIn("[] Zoë []", self.shown())

	def test_it_is_shown_where_nobody_sees_its_mask(self):
		self.assertTrue(self.shows(a_mailing(LIST, html=HTML)))

	def test_the_address_is_the_records_own_in_a_job_of_a_user_who_sees_its_mask(self):
		name = self.start(self.of_seller())
		frappe.set_user(self.seller)
		self.go_on()
		frappe.set_user("Administrator")
		self.assertEqual((self.received(), self.form(name).status), ([JO], "Complete"))

	def test_it_is_shown_where_a_role_of_each_author_has_the_right_to_see_it(self):
		if not frappe.get_meta("DocPerm").has_field("mask"):
			self.skipTest("Frappe 15 has no such right")
		self.permit("Contact", "Campaign User", read=1, mask=1)
		self.send(self.of_seller())
		self.assertIn(f"[{SECRET}] Zoë", self.shown())


def authors_of(name):
	return mailing_store.load_mass_email(name).authors


class TestChanges(RightsTest):
	def test_a_mailing_pauses_where_a_new_author_may_not_read_what_it_shows(self):
		name = self.start(a_mailing(LIST, html=HTML))
		save_as(self.writer, "Email Template", self.template(name), subject="Another")
		self.go_on()
		form = self.form(name)
		self.assertEqual((form.status, self.received()), ("Paused", []))
		self.assertIn("writer", form.problem)
		self.assertIn("Department", form.problem)
		mass_email.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.form(name).status, "Complete")
		self.assertNotIn(SECRET, self.shown())

	def test_it_goes_on_where_a_new_author_may_read_it(self):
		name = self.start(a_mailing(LIST, html=HTML))
		save_as(seller(), "Email Template", self.template(name), subject="Another")
		self.go_on()
		self.assertIn(SECRET, self.shown())

	def test_whoever_edits_a_pending_mailing_is_an_author_and_stays_one(self):
		name = a_mailing(LIST, html=HTML)
		change(
			"Mass Email", name, send_when="Later", start_date="2099-01-01 10:00:00", start_epoch=4070908800
		)
		self.start(name)
		save_as(self.writer, "Mass Email", name, subject_prefix="[News]")
		save_as("Administrator", "Mass Email", name, subject_prefix="[Latest]")
		self.assertIn(self.writer, authors_of(name))

	def test_where_the_last_editor_is_disabled_somebody_else_has_to_save_the_text(self):
		user = seller()
		name = a_mailing(LIST, html=HTML)
		save_as(user, "Email Template", self.template(name), subject="Another")
		change("User", user, enabled=0)
		with self.assertRaisesRegex(frappe.ValidationError, "seller is disabled"):
			approval.submit(name)
		self.assertEqual(
			checks_store.prepare_findings(frappe.get_doc("Mass Email", name))[0]["level"], "error"
		)
		save_as("Administrator", "Email Template", self.template(name), subject="Mine")
		self.assertTrue(self.shows(name))

	def test_a_mailing_under_way_pauses_and_whoever_resumes_it_takes_the_place(self):
		user = seller()
		name = a_mailing(LIST, html=HTML)
		save_as(user, "Mass Email", name, subject_prefix="[News]")
		self.start(name)
		change("User", user, enabled=0)
		self.go_on()
		self.assertEqual(self.form(name).status, "Paused")
		self.assertIn("seller is disabled", self.form(name).problem)
		mass_email.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertIn(SECRET, self.shown())

	def test_a_disabled_owner_has_a_successor_in_the_last_editor(self):
		user = seller()
		frappe.set_user(user)
		name = a_mailing(LIST, html=HTML, campaign=a_campaign())
		frappe.set_user("Administrator")
		save_as("Administrator", "Mass Email", name, subject_prefix="[News]")
		save_as("Administrator", "Email Template", self.template(name), subject="Mine")
		change("User", user, enabled=0)
		self.assertTrue(self.shows(name))
