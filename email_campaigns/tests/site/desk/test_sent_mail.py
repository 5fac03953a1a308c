"""A mail as it was sent, on its row of the ledger: who may look at it, and what they see."""

import re

import frappe

from email_campaigns.api.desk import privacy, sent_mail
from email_campaigns.audience.suppression import forgotten_store
from email_campaigns.delivery import recompose_store
from email_campaigns.delivery.recompose_store import NotAsSent
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import (
	a_list,
	a_mailing,
	a_user,
	add_records,
	address,
	change,
)
from email_campaigns.tests.site.kits.copies import COMPANY, offer
from email_campaigns.tests.site.kits.sent_texts import HTML, LIST, SentTextTest, change_templates, readers

JO, KIM, BOSS = map(address, ("jo", "kim", "boss"))


class SentMailTest(SentTextTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")


class TestShowing(SentMailTest):
	def links(self, html):
		"""The links of a recipient, of which there are some for unsubscribing, clicks, opens and the view."""
		links = set(re.findall(r"/ec/[a-z]/[\w.-]+", html))
		self.assertEqual({link[4] for link in links}, set("ucov"))
		return links

	def test_it_shows_the_mail_as_it_was_without_the_links_of_its_recipient(self):
		names = readers(JO)
		name = self.send(a_mailing(LIST, subject="For {{ doc.first_name }}", html=HTML))
		(row,) = self.sent_rows(source=name)
		change_templates(name)
		self.forget_records(*names)
		mail = sent_mail.show(row.name)
		self.assertEqual((mail["subject"], mail["email"], mail["as_sent"]), ("For Zoë", JO, True))
		self.assertIn("+32 2 123", mail["html"])
		self.assertIn("https://shop.example/offer", mail["html"])
		for kind in ("c", "o"):
			self.assertNotIn(f"/ec/{kind}/", mail["html"])
		self.assertNotIn(
			"/ec/u/" + recompose_store.view_sent_mail(row.name).split("/ec/u/")[1][:30], mail["html"]
		)

	def test_what_has_not_left_is_not_shown(self):
		readers(JO)
		name = self.start(a_mailing(LIST))
		sending.tick()
		sending.freeze(name)
		(row,) = self.sent_rows(source=name)
		with self.assertRaisesRegex(frappe.ValidationError, "has not been sent"):
			sent_mail.show(row.name)

	def test_whoever_may_not_read_the_record_does_not_see_the_mail(self):
		reader = a_user("reader")
		add_records(a_list(), "User", reader)
		frappe.db.commit()
		name = self.send(a_mailing(a_list(), html="<p>{{ doc.first_name }}</p>"))
		(row,) = self.sent_rows(source=name)
		frappe.set_user(a_user("clerk", "Campaign User"))
		self.assertTrue(frappe.has_permission("Campaign Message", "read"))
		with self.assertRaises(frappe.PermissionError):
			sent_mail.show(row.name)
		frappe.set_user("Administrator")
		frappe.db.delete("User", {"name": reader})
		frappe.set_user(address("clerk"))
		with self.assertRaises(frappe.PermissionError):
			sent_mail.show(row.name)
		frappe.set_user("Administrator")
		frappe.set_user(a_user("boss", "Campaign Manager"))
		self.assertTrue(sent_mail.show(row.name)["as_sent"])

	def test_whoever_may_not_read_the_ledger_does_not_see_the_mail(self):
		readers(JO)
		(row,) = self.sent_rows(source=self.send(a_mailing(LIST)))
		frappe.set_user(a_user("stranger"))
		with self.assertRaises(frappe.PermissionError):
			sent_mail.show(row.name)
		with self.assertRaises(frappe.PermissionError):
			sent_mail.texts(frappe.db.get_value("Campaign Message", row.name, "source"))

	def test_the_fields_are_nobodys_to_read(self):
		for role in ("Campaign User", "Campaign Manager", "System Manager"):
			user = a_user(role.replace(" ", ""), role)
			self.assertFalse(frappe.has_permission("Campaign Mail Values", "read", user=user), role)
			self.assertFalse(frappe.has_permission("Campaign Mail Text", "write", user=user), role)

	def test_the_form_says_how_many_mails_were_made_of_which_text(self):
		readers(JO, KIM, BOSS)
		name = self.send(a_mailing(LIST, html="<p>{{ doc.first_name }}</p>"))
		self.assertEqual(sent_mail.texts(name), [])
		change_templates(name)
		change("Campaign Message", self.sent_rows(source=name)[0].name, status="Queued", message_id=None)
		change("Mass Email", name, status="In Process")
		self.go_on()
		first, second = sent_mail.texts(name)
		self.assertEqual((first["subject"], first["mails"]), ("Hello", 2))
		self.assertEqual((second["subject"], second["mails"]), ("Another", 1))
		self.assertLessEqual(first["first"], second["first"])


class TestForgetting(SentMailTest):
	def forget(self, email):
		privacy.forget(email)
		frappe.db.commit()

	def values(self, *messages):
		return frappe.db.count("Campaign Mail Values", {"name": ["in", messages]})

	def test_the_fields_of_a_forgotten_persons_mails_and_copies_are_deleted(self):
		self.addCleanup(offer)
		offer(COMPANY)
		readers(JO, KIM, company_name=BOSS)
		name = self.send(a_mailing(LIST, html=HTML, cc_fields=[{"cc_field": COMPANY}]))
		rows = self.sent_rows(source=name)
		own = [row.name for row in rows if row.email == JO]
		own += [row.name for row in rows if row.cc_of == own[0]]
		other = [row.name for row in rows if row.name not in own]
		self.assertEqual((len(own), len(other), self.values(*own), self.values(*other)), (2, 2, 2, 2))
		self.forget(JO)
		self.assertEqual((self.values(*own), self.values(*other)), (0, 2))
		for message in own:
			with self.assertRaisesRegex(NotAsSent, "forgotten"):
				recompose_store.recompose(message)
		self.assertIsNone(recompose_store.view_sent_mail(own[0]))
		self.assertMadeAgain(source=name, name=["in", other])

	def test_an_address_in_another_persons_fields_is_cleared(self):
		readers(KIM, department=f"Sales\n{JO}")
		name = self.send(a_mailing(LIST, html=HTML))
		(row,) = self.sent_rows(source=name)
		self.forget(JO)
		content = frappe.db.get_value("Campaign Mail Values", row.name, "content")
		self.assertNotIn(JO, content)
		self.assertIn("…", content)
		self.assertIn("Zoë", recompose_store.view_sent_mail(row.name))

	def test_an_address_in_a_text_is_cleared_until_the_text_is_used_again(self):
		readers(KIM)
		name = self.send(a_mailing(LIST, html=f"<p>Ask {JO}</p>"))
		(row,) = self.sent_rows(source=name)
		self.forget(JO)
		self.assertNotIn(JO, frappe.db.get_value("Campaign Mail Text", row.sent_text, "content"))
		with self.assertRaisesRegex(NotAsSent, "forgotten"):
			recompose_store.recompose(row.name)
		change("Campaign Message", row.name, status="Queued")
		change("Mass Email", name, status="In Process")
		self.go_on()
		self.assertMadeAgain(source=name)

	def test_who_is_forgotten_while_their_batch_is_under_way_leaves_nothing(self):
		readers(KIM, JO)
		name = a_mailing(LIST, html=HTML)
		self.at_mail(1, lambda: privacy.forget(JO))
		self.send(name)
		self.assertEqual(self.received(), [KIM])
		messages = [row.name for row in self.sent_rows(source=name)]
		self.assertEqual(self.values(*messages), 1)
		self.assertFalse(forgotten_store.is_forgotten(KIM))

	def test_the_fields_are_exported(self):
		readers(JO, KIM)
		self.send(a_mailing(LIST, html=HTML))
		(values,) = privacy.known_about(JO)["Campaign Mail Values"]
		self.assertIn("Zoë", values["content"])
