"""What is shown to a user is of records that they may read, with the fields that they may read."""

import frappe
from frappe.desk.form.load import get_communications

from email_campaigns.api.desk import approval, preview, privacy, sent_mail
from email_campaigns.patches import refer_mails_to_records
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, add_records, address
from email_campaigns.tests.site.kits.rights import (
	HTML,
	JO,
	KIM,
	LIST,
	SECRET,
	Rights,
	save_as,
	secret_contact,
	seller,
	writer,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest


class ShownTest(Rights, SendingTest):
	def setUp(self):
		super().setUp()
		self.first, self.second = secret_contact(JO), secret_contact(KIM)
		self.seller = seller()


class TestPreview(ShownTest):
	def test_it_shows_the_first_member_that_the_user_may_read(self):
		name = a_mailing(LIST, html=HTML)
		self.assertEqual(preview.preview(name)["record"], self.first)
		self.restrict(self.seller, self.second)
		frappe.set_user(self.seller)
		self.assertEqual(preview.preview(name)["record"], self.second)
		with self.assertRaises(frappe.PermissionError):
			preview.preview(name, "Contact", self.first)

	def test_a_test_mail_is_made_for_that_member_too(self):
		name = a_mailing(LIST, subject="For {{ doc.email_id }}")
		self.restrict(self.seller, self.second)
		frappe.set_user(self.seller)
		preview.send_test(name, address("seller"))
		self.assertEqual(str(self.server.messages[0].parsed["Subject"]), f"[TEST] For {KIM}")

	def test_a_sentence_says_that_there_is_none(self):
		name = a_mailing(LIST, html=HTML)
		frappe.set_user(writer())
		for call in (lambda: preview.preview(name), lambda: preview.send_test(name, address("writer"))):
			with self.assertRaisesRegex(frappe.ValidationError, "may read none of the first 2 recipients"):
				call()
		self.assertEqual(self.received(), [])

	def test_members_that_the_user_may_not_read_are_not_offered(self):
		a_list(address("plain"), title=LIST)
		name = a_mailing(LIST)
		self.restrict(self.seller, self.second)
		frappe.set_user(self.seller)
		offered = preview.find_members("Target List Member", "", "name", 0, 20, {"mass_email": name})
		self.assertEqual(sorted(row[1] for row in offered), [KIM, address("plain")])

	def test_it_shows_no_more_than_the_mail_will(self):
		name = a_mailing(LIST, html=HTML)
		save_as(writer(), "Mass Email", name, subject_prefix="[News]")
		self.assertNotIn(SECRET, preview.preview(name)["html"])
		preview.send_test(name, address("boss"))
		self.assertNotIn(SECRET, self.shown())


class TestPrepare(ShownTest):
	html = '<p><a href="http://10.0.0.1/{{ doc.department }}">Here</a> {{ doc.first_name }}</p>'

	def texts(self, name, user):
		frappe.set_user(user)
		return "\n".join(finding["text"] for finding in approval.prepare(name)["findings"])

	def test_the_check_list_quotes_no_record_that_the_user_may_not_read(self):
		frappe.db.set_value("Contact", self.second, "department", "Open")
		name = a_mailing(LIST, html=self.html)
		self.restrict(self.seller, self.second)
		self.assertIn(f"10.0.0.1/{SECRET}", self.texts(name, "Administrator"))
		texts = self.texts(name, self.seller)
		self.assertIn("10.0.0.1/Open", texts)
		self.assertNotIn(SECRET, texts)

	def test_links_are_checked_for_a_user_who_may_read_nobody(self):
		name = a_mailing(LIST, html=self.html)
		texts = self.texts(name, writer())
		self.assertIn("You may read none of 2 recipients", texts)
		self.assertIn("“http://10.0.0.1/”", texts)
		self.assertNotIn(SECRET, texts)


class TestStored(ShownTest):
	def test_whoever_may_read_the_mailing_alone_does_not_see_its_mails(self):
		name = a_mailing(LIST, html=HTML)
		save_as(writer(), "Mass Email", name, store_emails=1)
		self.send(name)
		frappe.set_user(address("writer"))
		self.assertEqual(get_communications("Mass Email", name), [])
		for record in frappe.get_all(
			"Communication", {"recipients": JO}, ["owner", "email_account", "content"]
		):
			self.assertEqual((record.owner, record.email_account), ("Administrator", None))
			self.assertNotIn(SECRET, record.content)

	def test_a_timeline_shows_the_fields_that_all_readers_of_the_record_may_read(self):
		self.at_level(5, "Contact", "department")
		self.at_level(5, "Contact Phone", "phone")
		self.send(a_mailing(LIST, html=HTML, store_emails=1))
		self.assertIn(SECRET, self.shown())
		frappe.set_user(self.seller)
		(mail,) = get_communications("Contact", self.first)
		self.assertIn("[] Zoë []", mail.content)

	def test_a_user_has_the_mail_in_their_timeline(self):
		user = seller("reader")
		add_records(a_list(title="Sending Users"), "User", user)
		frappe.db.commit()
		self.send(a_mailing("Sending Users", store_emails=1))
		self.assertEqual([mail.subject for mail in get_communications("User", user)], ["Hello"])

	def test_a_sent_mail_is_shown_with_the_rights_of_who_looks_at_it(self):
		self.at_level(5, "Contact", "department")
		self.at_level(5, "Contact Phone", "phone")
		name = self.send(a_mailing(LIST, html=HTML))
		message = frappe.db.get_value("Campaign Message", {"source": name, "email": JO})
		self.assertIn(SECRET, sent_mail.show(message)["html"])
		frappe.set_user(self.seller)
		mail = sent_mail.show(message)
		self.assertIn("[] Zoë []", mail["html"])
		self.assertTrue(any("may not read" in warning for warning in mail["warnings"]))

	def test_a_stored_mail_is_exported_and_forgotten_with_its_address(self):
		self.send(a_mailing(LIST, store_emails=1))
		(known,) = privacy.known_about(JO)["Communication"]
		self.assertEqual((known["recipients"], known["reference_name"]), (JO, self.first))
		privacy.forget(JO)
		self.assertEqual(
			frappe.get_all("Communication", {"recipients": ["in", [JO, KIM]]}, pluck="recipients"), [KIM]
		)

	def test_an_upgrade_lets_stored_mails_refer_to_the_record(self):
		name = self.send(a_mailing(LIST, html=HTML, store_emails=1))
		values = {"reference_doctype": "Mass Email", "reference_name": name, "owner": self.seller}
		frappe.db.set_value("Communication", {"recipients": ["in", [JO, KIM]]}, values)
		self.assertEqual(len(get_communications("Mass Email", name)), 2)
		self.at_level(5, "Contact", "department")
		refer_mails_to_records.execute()
		frappe.db.commit()
		self.assertEqual(get_communications("Mass Email", name), [])
		(mail,) = frappe.get_all(
			"Communication", {"recipients": JO}, ["reference_doctype", "reference_name", "owner", "content"]
		)
		*reference, content = mail.values()
		self.assertEqual(reference, ["Contact", self.first, "Administrator"])
		self.assertIn("[] Zoë [+32 2 123]", content)
