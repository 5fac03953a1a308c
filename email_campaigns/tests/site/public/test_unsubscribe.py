"""The unsubscribe link of a mail, as recipients, their mail programs and link scanners use it."""

import re

import frappe

from email_campaigns.api.desk import privacy
from email_campaigns.audience.suppression.suppression import SuppressionScope
from email_campaigns.audience.suppression.suppression_store import lift, read_scope, suppress
from email_campaigns.tests.site.kits.recipient import (
	JO,
	LEFT_NEWS,
	NEWS,
	ONE_CLICK,
	UnsubscribeTest,
	buttons_of,
	text_of,
)
from email_campaigns.tests.site.kits.visitor import (
	Visitor,
	mass_email,
	sent_mail,
	target_list,
	unsubscribe_url,
)


class TestLooking(UnsubscribeTest):
	def test_get_shows_the_choices_and_changes_nothing(self):
		for _scan in range(3):
			answer = self.visitor.get(self.url)
		self.assertEqual((answer.status_code, answer.mimetype), (200, "text/html"))
		self.assertEqual(buttons_of(answer), ["list", "all"])
		self.assertIn("j…@unsubscribe.example", text_of(answer))
		self.assertNotIn(JO, answer.get_data(as_text=True))
		self.assertIn(NEWS, text_of(answer))
		self.assertEqual((read_scope(JO), self.logged(), self.stamp()), (SuppressionScope(), [], None))

	def test_head_changes_nothing_and_has_no_body(self):
		answer = self.visitor.get(self.url, method="HEAD")
		self.assertEqual((answer.status_code, answer.data), (200, b""))
		self.assertEqual((read_scope(JO), self.logged()), (SuppressionScope(), []))

	def test_get_with_the_words_of_a_post_changes_nothing(self):
		self.visitor.get(self.url + "?action=all&List-Unsubscribe=One-Click")
		self.visitor.get(self.url, query_string=ONE_CLICK)
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_other_methods(self):
		answer = self.visitor.get(self.url, method="DELETE")
		self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "GET, HEAD, POST, OPTIONS"))
		self.assertEqual(self.visitor.get(self.url, method="OPTIONS").status_code, 204)

	def test_the_page_is_closed_to_scripts_caches_and_search_engines(self):
		answer = self.visitor.get(self.url)
		self.assertNotRegex(answer.get_data(as_text=True), r"<script|\bsrc=|\bhref=|\son\w+=")
		policy = answer.headers["Content-Security-Policy"]
		self.assertIn("default-src 'none'", policy)
		self.assertNotIn("unsafe", policy)
		self.assertEqual(answer.headers["Cache-Control"], "no-store")
		self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
		self.assertIn("noindex", answer.headers["X-Robots-Tag"])

	def test_it_speaks_the_recipients_language(self):
		answer = self.visitor.get(self.url, headers={"Accept-Language": "fa,en;q=0.5"})
		self.assertIn('<html lang="fa" dir="rtl">', answer.get_data(as_text=True))
		answer = self.visitor.get(self.url, headers={"Accept-Language": "de-CH,de;q=0.5"})
		self.assertRegex(answer.get_data(as_text=True), r'<html lang="de(-CH)?" dir="ltr">')

	def test_the_sender_is_named(self):
		before = frappe.db.get_singles_dict("Email Campaign Settings")
		self.addCleanup(self.set_sender, before.get("sender_line"), before.get("postal_address"))
		self.set_sender("Smith & <Sons>", "1 Quay\nAntwerp")
		self.assertIn("Smith & <Sons>\n1 Quay\nAntwerp", text_of(self.visitor.get(self.url)))

	def set_sender(self, line, address):
		# Past the form, which cleans away what looks like HTML.
		for field, value in (("sender_line", line), ("postal_address", address)):
			frappe.db.set_single_value("Email Campaign Settings", field, value)
		frappe.clear_document_cache("Email Campaign Settings", "Email Campaign Settings")
		frappe.db.commit()

	def test_what_mail_programs_append_does_no_harm(self):
		for end in (".", ")", ">", "/", "%20", "%3E"):
			self.assertEqual(self.visitor.get(self.url + end).status_code, 200)


class TestOneClick(UnsubscribeTest):
	def test_leaves_the_list_without_cookies_or_redirect(self):
		answer = self.visitor.post(self.url, ONE_CLICK)
		self.assertEqual((answer.status_code, answer.mimetype), (200, "text/plain"))
		self.assertEqual(read_scope(JO), LEFT_NEWS)
		self.assertTrue(self.stamp())
		expected = {"details": NEWS, "source_doctype": "Mass Email", "source": self.mailing}
		(row,) = self.logged()
		self.assertEqual(
			row, {"action": "Opted Out", "message": self.message, "verdict": "human", **expected}
		)

	def test_every_form_of_body(self):
		multipart = (
			b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
		)
		for body, kind in (
			(b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
			(multipart, "multipart/form-data; boundary=x"),
			(b"List-Unsubscribe=One-Click\r\n", "text/plain"),
			(b"List-Unsubscribe=One-Click", None),
		):
			answer = self.visitor.post(self.url, body, content_type=kind)
			self.assertEqual((answer.status_code, read_scope(JO)), (200, LEFT_NEWS), kind)
			lift(JO, target_list=NEWS)
			frappe.db.commit()

	def test_a_replay_is_absorbed(self):
		answers = [self.visitor.post(self.url, ONE_CLICK) for _time in range(3)]
		self.assertEqual([answer.status_code for answer in answers], [200, 200, 200])
		self.assertEqual((read_scope(JO), self.actions()), (LEFT_NEWS, ["Opted Out"]))

	def test_without_a_list_it_means_everything(self):
		url = unsubscribe_url(sent_mail(JO, source=mass_email("Unsubscribe")))
		frappe.db.commit()
		self.visitor.post(url, ONE_CLICK)
		self.assertEqual(read_scope(JO), SuppressionScope("Unsubscribed"))

	def test_every_list_by_which_the_mailing_would_come_again(self):
		offers = target_list("Unsubscribe Offers", JO)
		stranger = target_list("Unsubscribe Strangers")
		mailing = mass_email("Unsubscribe", NEWS, offers, stranger)
		url = unsubscribe_url(sent_mail(JO, source=mailing, on_list=NEWS))
		frappe.db.commit()
		self.visitor.post(url, ONE_CLICK)
		self.assertEqual(set(read_scope(JO).lists), {NEWS, offers})

	def test_an_empty_post_changes_nothing(self):
		self.assertEqual(self.visitor.post(self.url).status_code, 200)
		self.assertEqual(self.visitor.post(self.url, {"action": "delete"}).status_code, 200)
		self.assertEqual((read_scope(JO), self.logged()), (SuppressionScope(), []))


class TestButtons(UnsubscribeTest):
	def test_leave_the_list_and_undo(self):
		answer = self.press("list")
		self.assertEqual((answer.status_code, read_scope(JO)), (200, LEFT_NEWS))
		self.assertIn(f"You will get no more mails of “{NEWS}”.", text_of(answer))
		self.assertEqual(buttons_of(answer), ["resubscribe_list", "all"])
		answer = self.press("resubscribe_list")
		self.assertIn("You are subscribed again", text_of(answer))
		self.assertEqual((read_scope(JO), self.actions()), (SuppressionScope(), ["Opted Out", "Opted In"]))

	def test_leave_everything_and_undo(self):
		answer = self.press("all")
		self.assertEqual(
			(buttons_of(answer), read_scope(JO)), (["resubscribe_all"], SuppressionScope("Unsubscribed"))
		)
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": JO, "global_unsubscribe": 1}))
		self.assertEqual(buttons_of(self.visitor.get(self.url)), ["resubscribe_all"])
		answer = self.press("resubscribe_all")
		self.assertEqual((buttons_of(answer), read_scope(JO)), (["all", "list"], SuppressionScope()))
		self.assertFalse(frappe.db.exists("Email Unsubscribe", {"email": JO}))

	def test_every_button_twice(self):
		for action in ("list", "list", "all", "all", "resubscribe_all", "resubscribe_all"):
			self.assertEqual(self.press(action).status_code, 200)
		self.assertEqual(self.actions(), ["Opted Out", "Opted Out", "Opted In"])
		self.assertEqual(read_scope(JO), LEFT_NEWS)

	def test_one_list_of_several(self):
		offers = target_list("Unsubscribe Offers", JO)
		url = unsubscribe_url(sent_mail(JO, source=mass_email("Unsubscribe", NEWS, offers), on_list=NEWS))
		frappe.db.commit()
		self.assertIn('value="leave:Unsubscribe Offers"', self.visitor.get(url).get_data(as_text=True))
		answer = self.press(f"leave:{offers}", url=url)
		self.assertEqual(read_scope(JO), SuppressionScope("", {offers: "Unsubscribed"}))
		self.assertIn("You are subscribed.", text_of(answer))
		self.assertIn(f"You are unsubscribed from “{offers}”.", text_of(answer))
		self.assertIn('value="join:Unsubscribe Offers"', answer.get_data(as_text=True))
		self.press(f"join:{offers}", url=url)
		self.assertEqual((read_scope(JO), self.actions()), (SuppressionScope(), ["Opted Out", "Opted In"]))

	def test_a_list_that_is_not_the_mailings(self):
		strangers = target_list("Unsubscribe Strangers", JO)
		frappe.db.commit()
		self.assertEqual(self.press(f"leave:{strangers}").status_code, 200)
		self.assertEqual((read_scope(JO), self.logged()), (SuppressionScope(), []))

	def test_a_joined_list_is_still_left(self):
		self.press("list")
		frappe.db.delete("Target List Member", {"email": JO})
		target_list(NEWS, JO)
		frappe.db.commit()
		self.assertEqual(buttons_of(self.visitor.get(self.url)), ["resubscribe_list", "all"])

	def test_a_bounce_is_not_the_persons_to_lift(self):
		suppress(JO, reason="Hard Bounce", origin="test")
		frappe.db.commit()
		self.assertEqual(buttons_of(self.visitor.get(self.url)), [])
		answer = self.press("resubscribe_all")
		self.assertNotIn("subscribed again", text_of(answer))
		self.assertEqual(read_scope(JO).everything, "Hard Bounce")

	def test_a_complaint_is(self):
		suppress(JO, reason="Complaint", origin="test")
		frappe.db.commit()
		self.press("resubscribe_all")
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_people_whom_the_collation_takes_for_one(self):
		target_list(NEWS, "josé@unsubscribe.example")
		url = unsubscribe_url(sent_mail("josé@unsubscribe.example", source=self.mailing, on_list=NEWS))
		jose = unsubscribe_url(sent_mail("jose@unsubscribe.example", source=self.mailing, on_list=NEWS))
		frappe.db.commit()
		self.press("all", url=url)
		self.assertEqual(read_scope("josé@unsubscribe.example"), SuppressionScope("Unsubscribed"))
		self.assertEqual(read_scope("jose@unsubscribe.example"), SuppressionScope())
		self.assertEqual(buttons_of(self.visitor.get(jose)), ["list", "all"])


class TestSignedIn(UnsubscribeTest):
	def setUp(self):
		super().setUp()
		user = {"doctype": "User", "email": "clerk@unsubscribe.example", "first_name": "Clerk"}
		user = frappe.get_doc({**user, "new_password": "zR7-kelp-Quartz", "send_welcome_email": 0}).insert()
		user.add_roles("Campaign User")
		frappe.db.commit()
		self.visitor.sign_in(user.name, "zR7-kelp-Quartz")

	def test_the_page_carries_the_token_that_frappe_asks_for(self):
		page = self.visitor.get(self.url).get_data(as_text=True)
		token = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
		# Frappe's refusal is a page with the status 400, or 200 in older versions.
		self.assertNotIn("no more mails", text_of(self.press("list")))
		self.assertEqual(read_scope(JO), SuppressionScope())
		answer = self.visitor.post(self.url, {"action": "list", "csrf_token": token})
		self.assertEqual((answer.status_code, read_scope(JO)), (200, LEFT_NEWS))

	def test_a_guests_page_has_none(self):
		self.assertNotIn("csrf_token", Visitor().get(self.url).get_data(as_text=True))


class TestOldAddresses(UnsubscribeTest):
	def test_who_has_an_address_that_is_refused_by_now_can_leave_come_back_and_be_forgotten(self):
		for email in ("=?utf-8?q?jo?=@unsubscribe.example", "jo\u3164@unsubscribe.example"):
			url = unsubscribe_url(sent_mail(email))
			frappe.db.commit()
			self.assertEqual(self.visitor.post(url, ONE_CLICK).status_code, 200)
			self.assertTrue(read_scope(email).everything, email)
			self.visitor.post(url, {"action": "resubscribe_all"})
			self.assertEqual(read_scope(email), SuppressionScope(), email)
			self.assertEqual(privacy.forget(email)["mails"], 1, email)
			frappe.db.rollback()
