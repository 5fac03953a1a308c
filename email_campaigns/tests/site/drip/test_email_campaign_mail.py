"""The mail of a step of a drip sequence, where it is stored, and the enrolments that are refused."""

import frappe
from frappe.desk.form.load import get_communication_data
from frappe.utils import add_days, nowdate

from email_campaigns.tests.site.kits.builders import a_campaign, a_contact, a_list, a_user, address, change
from email_campaigns.tests.site.kits.drips import JO, OnePersonTest, a_sequence, a_step, enrol


class TestContent(OnePersonTest):
	def test_doc_is_the_recipients_own_record(self):
		html = "<p>{{ doc.first_name }} {{ doc.phone_nos[0].phone }}</p>"
		contact = a_contact(address("kim"), first_name="Kim", phone_nos=[{"phone": "123"}])
		enrol(a_sequence(a_step(0, "For {{ doc.first_name }}", html)), contact)
		self.at(1)
		(mail,) = self.server.messages
		self.assertEqual(str(mail.parsed["Subject"]), "For Kim")
		self.assertIn("Kim 123", mail.parsed.get_body(("html",)).get_content())

	def test_a_mail_shows_what_the_sender_may_read(self):
		"""A campaign user reads no users, so their mails show nothing of one but what any mail may."""
		sender, reader = a_user("sender", "Campaign User"), a_user("reader")
		frappe.db.set_value("User", reader, "bio", "secret")
		step = a_step(0, "Hello", "<p>Bio: {{ doc.bio }}.</p>")
		enrol(a_sequence(step), reader, "User", sender=sender)
		self.at(1)
		self.assertNotIn("secret", self.server.messages[0].parsed.as_string())

	def test_a_mail_is_sent_in_the_senders_name(self):
		sender = a_user("sender", "Campaign User")
		enrol(a_sequence(a_step(0)), self.contact, sender=sender)
		self.at(1)
		parsed = self.server.messages[0].parsed
		self.assertEqual(parsed["From"], f"sender <{address('news')}>")
		self.assertEqual(parsed["Reply-To"], sender)

	def test_links_and_opens_are_tracked_as_in_a_mailing(self):
		html = '<p><a href="https://shop.example/offer">Offer</a></p>'
		enrol(a_sequence(a_step(0, "Offer", html), track_opens=1, track_links=1), self.contact)
		self.at(1)
		text = self.server.messages[0].parsed.get_body(("html",)).get_content()
		self.assertIn("/ec/c/", text)
		self.assertIn("/ec/o/", text)
		self.assertNotIn('href="https://shop.example/offer"', text)

	def test_the_mail_is_in_the_timeline_of_the_record_and_not_in_that_of_the_email_campaign(self):
		"""Whoever may read the Email Campaign might not be allowed to read the record."""
		name = enrol(a_sequence(a_step(0, "Hello {{ doc.first_name }}")), self.contact)
		self.at(1)
		(mail,) = frappe.get_all(
			"Communication",
			{"reference_doctype": "Contact", "reference_name": self.contact},
			["name", "subject", "recipients", "sent_or_received", "content", "message_id"],
		)
		self.assertEqual((mail.subject, mail.recipients, mail.sent_or_received), ("Hello Jo", JO, "Sent"))
		self.assertEqual(f"<{mail.message_id}>", self.server.messages[0].parsed["Message-ID"])
		self.assertNotIn("/ec/o/", mail.content)
		for doctype, record, subjects in (
			("Contact", self.contact, ["Hello Jo"]),
			("Email Campaign", name, []),
		):
			shown = [row.subject for row in get_communication_data(doctype, record)]
			self.assertEqual(shown, subjects, doctype)


class TestRefusals(OnePersonTest):
	def refuses(self, words, campaign=None, recipient=None, kind="Contact", **values):
		with self.assertRaisesRegex(frappe.ValidationError, words):
			enrol(campaign or a_sequence(), recipient or self.contact, kind, **values)
		frappe.db.rollback()

	def test_a_campaign_without_a_schedule_is_refused(self):
		campaign = a_campaign()
		self.refuses(f"Please set up the Campaign Schedule in the Campaign {campaign}", campaign)

	def test_a_start_date_in_the_past_is_refused(self):
		self.refuses("Start Date cannot be before the current date", start_date=add_days(nowdate(), -1))

	def test_a_start_date_that_has_passed_since_can_be_saved(self):
		name = enrol(a_sequence(), self.contact)
		change("Email Campaign", name, start_date=add_days(nowdate(), -1))
		frappe.get_doc("Email Campaign", name).save()

	def test_a_second_enrolment_that_is_unfinished_is_refused(self):
		campaign = a_sequence()
		enrol(campaign, self.contact)
		words = f"The Campaign '{campaign}' already exists for the Contact '{self.contact}'"
		self.refuses(words, campaign)
		frappe.db.sql(
			"UPDATE `tabEmail Campaign` SET status = 'Completed' WHERE campaign_name = %s", campaign
		)
		enrol(campaign, self.contact)

	def test_a_recipient_without_an_address_is_refused(self):
		self.refuses("Please set an email id for the Contact", recipient=a_contact("", designation="Sending"))

	def test_a_group_without_members_is_refused(self):
		self.refuses("has no members", recipient=a_list(title="Sending Empty"), kind="Target List")

	def test_a_doctype_that_is_no_recipient_source_is_refused(self):
		self.refuses("is not a recipient source", recipient="Administrator", kind="Role")

	def test_a_negative_day_is_refused(self):
		with self.assertRaisesRegex(
			frappe.ValidationError, "Row 1: a step can't be sent before the start date"
		):
			a_sequence(a_step(-1))

	def test_a_time_of_day_that_is_none_is_refused(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Row 1: “25:00” is no time of day"):
			a_sequence(a_step(0, send_time="25:00"))

	def test_a_time_zone_that_is_none_is_refused(self):
		with self.assertRaisesRegex(
			frappe.ValidationError, "Row 1: The server knows no time zone “Europe/Nowhere”"
		):
			a_sequence(a_step(0, time_zone="Europe/Nowhere"))

	def test_a_sender_whom_the_user_is_not_is_refused(self):
		"""A mail shows what its sender may read."""
		user = a_user("clerk", "Campaign User")
		frappe.set_user(user)
		self.addCleanup(frappe.set_user, "Administrator")
		self.refuses("in another person's name", recipient=a_list(JO), kind="Target List")

	def test_a_record_that_the_user_may_not_read_is_refused(self):
		user = a_user("clerk", "Campaign User")
		campaign = a_sequence()
		frappe.set_user(user)
		self.addCleanup(frappe.set_user, "Administrator")
		with self.assertRaises(frappe.PermissionError):
			enrol(campaign, self.contact, sender=user)
