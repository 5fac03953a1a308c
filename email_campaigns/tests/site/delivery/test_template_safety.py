"""The fields that a template may show, and the outcome of a faulty or hostile template."""

import frappe

from email_campaigns.api.desk import mass_email, preview
from email_campaigns.tests.site.kits.builders import (
	ACCOUNT,
	a_contact,
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	addresses,
	change,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest


class TemplateTest(SendingTest):
	def setUp(self):
		super().setUp()
		self.contact = a_contact(
			address("kim"),
			first_name="Kim & Jo",
			phone_nos=[{"phone": "+33 1 23 45", "is_primary_phone": 1}, {"phone": "+33 6 78 90"}],
		)
		add_records(a_list(), "Contact", self.contact)

	def shown(self, html, doctype="Contact", record="", **options):
		name = a_mailing("Sending List", html=f"<p>{html}</p>", **options)
		return preview.preview(name, doctype, record or self.contact)

	def body(self, html, *arguments, **options):
		return self.shown(html, *arguments, **options)["html"]


class TestFields(TemplateTest):
	def test_fields_are_values_escaped_for_html(self):
		self.assertIn("Kim &amp; Jo", self.body("{{ doc.first_name }}"))

	def test_rows_of_a_child_table(self):
		self.assertIn("+33 6 78 90", self.body("{{ doc.phone_nos[1].phone }}"))
		self.assertIn("+33 1 23 45, +33 6 78 90", self.body("{{ doc.phone_nos | join(', ', 'phone') }}"))

	def test_an_unknown_field_is_empty_and_warned_of(self):
		shown = self.shown("Dear {{ doc.frist_name }}!")
		self.assertIn("Dear !", shown["html"])
		self.assertTrue(any("frist_name" in warning for warning in shown["warnings"]), shown["warnings"])
		name = self.send(a_mailing("Sending List", html="<p>Dear {{ doc.frist_name }}!</p>"))
		self.assertSentTo(name, [address("kim")])

	def test_a_plain_member_has_names_and_an_address(self):
		a_list(address("jo"))
		member = str(frappe.db.get_value("Target List Member", {"email": address("jo")}))
		self.assertIn(
			"Jo jo@", self.body("{{ doc.first_name }} {{ doc.email }}", "Target List Member", member)
		)

	def test_each_recipient_gets_its_own(self):
		a_list(*addresses(3))
		self.send(a_mailing("Sending List", subject="To {{ doc.email or doc.email_id }}"))
		for mail in self.server.messages:
			self.assertEqual(mail.parsed["Subject"], f"To {mail.recipients[0]}")
			self.assertEqual(mail.parsed["To"], mail.recipients[0])


class TestSecrets(TemplateTest):
	def test_passwords_and_keys_are_never_shown(self):
		user = a_user("clerk")
		frappe.db.set_value("User", user, {"api_key": "KEY-1", "reset_password_key": "KEY-2"})
		for field in ("password", "new_password", "api_secret"):
			self.assertIn("[]", self.body(f"[{{{{ doc.{field} }}}}]", "User", user), field)

	def test_a_field_of_a_level_that_the_sender_may_not_read(self):
		clerk = a_user("clerk", "Campaign Manager", "Sales User")
		self.at_level(5)
		name = a_mailing("Sending List", html="<p>[{{ doc.department }}] {{ doc.first_name }}</p>")
		change("Contact", self.contact, department="Secret")
		self.assertIn("[Secret] Kim", preview.preview(name)["html"])
		change("Mass Email", name, owner=clerk)
		self.send(name)
		html = self.server.messages[0].parsed.get_body(("html",)).get_content()
		self.assertIn("[] Kim", html)

	def at_level(self, level):
		df = {"doc_type": "Contact", "field_name": "department", "property": "permlevel", "value": str(level)}
		doc = {"doctype": "Property Setter", "doctype_or_field": "DocField", "property_type": "Int", **df}
		setter = frappe.get_doc(doc).insert()
		self.addCleanup(frappe.clear_cache, doctype="Contact")
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Property Setter", {"name": setter.name})
		frappe.clear_cache(doctype="Contact")
		frappe.db.commit()

	def test_a_sender_who_may_read_no_contacts_shows_none_of_their_fields(self):
		stranger = a_user("stranger", "Campaign Manager")
		name = a_mailing("Sending List", html="<p>[{{ doc.company_name }}]</p>")
		change("Contact", self.contact, company_name="Secret")
		frappe.db.delete("Has Role", {"parent": stranger, "role": ["!=", "Campaign Manager"]})
		frappe.clear_cache(user=stranger)
		change("Mass Email", name, owner=stranger)
		if frappe.has_permission("Contact", "read", user=stranger):
			self.skipTest("on this site everybody may read contacts")
		self.send(name)
		self.assertIn("[]", self.server.messages[0].parsed.get_body(("html",)).get_content())


class TestHostile(TemplateTest):
	def test_nothing_of_the_framework_can_be_reached(self):
		for hostile in (
			"{{ frappe.db.sql('select 1') }}",
			"{{ doc.__class__.__mro__ }}",
			"{{ doc['__class__'] }}",
			"{{ ''.__class__.__base__.__subclasses__() }}",
			"{{ get_doc('User', 'Administrator').name }}",
			"{{ self._TemplateReference__context }}",
			"{{ campaign.__init__.__globals__ }}",
			"{{ tracking_url.__globals__ }}",
			"{% set ns = namespace() %}{{ ns.__class__ }}",
			"{% include 'frappe/www/login.html' %}",
			"{{ cycler.__init__.__globals__.os }}",
		):
			with self.subTest(hostile=hostile):
				try:
					html = self.body(f"[{hostile}]")
				except frappe.ValidationError as error:
					self.assertTrue(str(error))
				else:
					self.assertIn("[]", html)

	def test_an_endless_template_fails_its_mail_with_a_reason(self):
		loop = "{% for a in range(9999) %}{% for b in range(9999) %}xxxxxxxxxx{% endfor %}{% endfor %}"
		with self.assertRaises(frappe.ValidationError):
			self.body(loop)


class TestFaults(TemplateTest):
	def refused(self, words, **template):
		name = a_mailing("Sending List", **template)
		with self.assertRaisesRegex(frappe.ValidationError, words):
			self.start(name)
		frappe.db.rollback()
		self.assertEqual(self.form(name).status, "Draft")
		self.assertEqual(self.received(), [])

	def test_a_syntax_error_is_shown_with_its_line_before_the_first_mail(self):
		self.refused("line 3", html="<p>Hello</p>\n<p>good</p>\n<p>{% if doc.name %}</p>\n")
		self.refused("Subject", subject="Hello {{ doc.first_name")

	def test_an_empty_template_is_refused(self):
		self.refused("message is empty", html=" ")

	def test_a_template_spoilt_after_the_button_pauses_the_mailing(self):
		name = self.start(a_mailing("Sending List"))
		template = self.form(name).email_template
		change("Email Template", template, response_html="<p>one</p>\n{{ doc. }}")
		self.go_on()
		form = self.form(name)
		self.assertEqual((form.status, self.received()), ("Paused", []))
		self.assertIn("line 2", form.problem)
		change("Email Template", template, response_html="<p>good</p>")
		mass_email.resume(name)
		frappe.db.commit()
		self.go_on()
		self.assertSentTo(name, [address("kim")])

	def test_a_template_deleted_after_the_button_pauses_the_mailing(self):
		name = self.start(a_mailing("Sending List"))
		frappe.db.delete("Email Template", {"name": self.form(name).email_template})
		frappe.db.commit()
		self.go_on()
		form = self.form(name)
		self.assertEqual((form.status, self.received()), ("Paused", []))
		self.assertIn("not found", form.problem)

	def test_a_tracked_link_that_does_not_exist(self):
		self.refused("does not exist", html='<a href="{{ tracking_url("spring") }}">x</a>')

	def test_a_mail_that_fails_for_one_recipient_fails_alone(self):
		a_list(*addresses(2))
		html = "<p>{{ 10 / (doc.email|length - 20) }} {{ doc.first_name }}</p>"
		self.assertEqual(len(addresses(1)[0]), 21)
		a_list("p12@sending.example", "p1@sending.example")
		name = self.send(a_mailing("Sending List", html=html))
		numbers = self.statuses(name)
		self.assertEqual(numbers.get("Sent", 0) + numbers.get("Failed", 0), 5)
		self.assertNothingLost(name)


class TestHeaders(TemplateTest):
	"""No line break, whatever field it comes from, can add a header or a recipient."""

	BREAKS = ("A\r\nBcc: victim@sending.example", "A\nBcc: victim@sending.example", "A\rX-Forged: 1")

	def assertClean(self, name):
		for mail in self.server.messages:
			self.assertEqual(mail.recipients, (address("kim"),))
			self.assertFalse({"bcc", "x-forged"} & {header.lower() for header in mail.parsed})
		self.assertNothingLost(name)

	def test_in_a_field_of_the_record_that_the_subject_shows(self):
		for value in self.BREAKS:
			with self.subTest(value=value):
				change("Contact", self.contact, first_name=value)
				name = self.send(a_mailing("Sending List", subject="Hello {{ doc.first_name }}"))
				self.assertClean(name)
				self.assertEqual(len(self.received()), 1)
				self.server.stop()
				self.serve()

	def test_in_the_title_of_the_mailing_and_the_subject_of_the_template(self):
		for value in self.BREAKS:
			with self.subTest(value=value):
				name = a_mailing("Sending List", subject="Hello {{ mass_email.title }}")
				change("Mass Email", name, title=f"Sending {value}")
				change(
					"Email Template",
					self.form(name).email_template,
					subject=f"{value} {{{{ mass_email.title }}}}",
				)
				self.send(name)
				self.assertClean(name)
				self.server.stop()
				self.serve()

	def test_in_what_was_written_past_the_form(self):
		for field in ("from_name", "reply_to"):
			for value in self.BREAKS:
				with self.subTest(field=field, value=value):
					name = self.start(a_mailing("Sending List"))
					change("Mass Email", name, **{field: value})
					self.go_on()
					form = self.form(name)
					self.assertEqual(form.status, "Paused")
					self.assertIn("line break", form.problem)
					self.assertEqual(self.received(), [])

	def test_in_the_address_of_the_record(self):
		name = self.start(a_mailing("Sending List"))
		change("Contact", self.contact, email_id="kim@sending.example\r\nRCPT TO:<victim@sending.example>")
		self.go_on()
		self.assertEqual(self.received(), [])
		self.assertEqual(self.statuses(name), {"Skipped": 1})

	def test_in_the_name_of_the_account(self):
		name = a_mailing("Sending List", from_name="")
		self.send(name)
		self.assertEqual(self.server.messages[0].parsed["From"].addresses[0].display_name, ACCOUNT)

	def test_every_mail_has_its_own_unsubscribe_link(self):
		a_list(*addresses(3))
		self.send(a_mailing("Sending List"))
		links = [mail.parsed["List-Unsubscribe"] for mail in self.server.messages]
		self.assertEqual(len(set(links)), 4)
		for mail in self.server.messages:
			self.assertEqual(mail.parsed["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
			link = mail.parsed["List-Unsubscribe"].strip("<>")
			self.assertIn(link.rpartition("/")[2], mail.parsed.get_body(("html",)).get_content())
			self.assertIn(link.rpartition("/")[2], mail.parsed.get_body(("plain",)).get_content())
