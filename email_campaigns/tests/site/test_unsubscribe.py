"""The unsubscribe link of a mail, as recipients, their mail programs and link scanners use it."""

import re
from html import unescape
from time import monotonic, sleep

import frappe
from frappe.tests.utils import FrappeTestCase

from email_campaigns.audience.suppression import Scope, record_name
from email_campaigns.audience.suppression_store import lift, scope_of, suppress
from email_campaigns.tests.site.visitor import (
	Visitor,
	forget,
	mass_email,
	sent_mail,
	target_list,
	unsubscribe_url,
)
from email_campaigns.tracking import store
from email_campaigns.tracking.tokens import PREVIEW

JO = "jo@unsubscribe.example"
NEWS = 'Unsubscribe "News" & “more”'
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
LEFT_NEWS = Scope("", {NEWS: "Unsubscribed"})


class UnsubscribeTest(FrappeTestCase):
	def setUp(self):
		self.clean()
		self.addCleanup(self.clean)
		target_list(NEWS, JO)
		self.mailing = mass_email("Unsubscribe", NEWS)
		self.message = sent_mail(JO, source=self.mailing, on_list=NEWS)
		self.url = unsubscribe_url(self.message)
		frappe.db.commit()
		self.visitor = Visitor()

	def clean(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		forget("%@unsubscribe.example", "Unsubscribe%")

	def logged(self):
		fields = ["action", "details", "source_doctype", "source", "message", "verdict"]
		return frappe.get_all("Campaign Log", {"email": JO}, fields, order_by="name")

	def actions(self):
		return [row.action for row in self.logged()]

	def stamp(self, message=None):
		return frappe.db.get_value("Campaign Message", message or self.message, "opted_out_at")

	def press(self, action, visitor=None, url=None):
		return (visitor or self.visitor).post(url or self.url, {"action": action})


def text_of(answer):
	return unescape(
		re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<style>.*?</style>", "", answer.get_data(as_text=True)))
	)


def buttons_of(answer):
	return re.findall(r'name="action" value="(\w+)"', answer.get_data(as_text=True))


class TestLooking(UnsubscribeTest):
	def test_get_shows_the_choices_and_changes_nothing(self):
		for _scan in range(3):
			answer = self.visitor.get(self.url)
		self.assertEqual((answer.status_code, answer.mimetype), (200, "text/html"))
		self.assertEqual(buttons_of(answer), ["list", "all"])
		self.assertIn("j…@unsubscribe.example", text_of(answer))
		self.assertNotIn(JO, answer.get_data(as_text=True))
		self.assertIn(NEWS, text_of(answer))
		self.assertEqual((scope_of(JO), self.logged(), self.stamp()), (Scope(), [], None))

	def test_head_changes_nothing_and_has_no_body(self):
		answer = self.visitor.get(self.url, method="HEAD")
		self.assertEqual((answer.status_code, answer.data), (200, b""))
		self.assertEqual((scope_of(JO), self.logged()), (Scope(), []))

	def test_get_with_the_words_of_a_post_changes_nothing(self):
		self.visitor.get(self.url + "?action=all&List-Unsubscribe=One-Click")
		self.visitor.get(self.url, query_string=ONE_CLICK)
		self.assertEqual(scope_of(JO), Scope())

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
		self.assertEqual(scope_of(JO), LEFT_NEWS)
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
			self.assertEqual((answer.status_code, scope_of(JO)), (200, LEFT_NEWS), kind)
			lift(JO, target_list=NEWS)
			frappe.db.commit()

	def test_a_replay_is_absorbed(self):
		answers = [self.visitor.post(self.url, ONE_CLICK) for _time in range(3)]
		self.assertEqual([answer.status_code for answer in answers], [200, 200, 200])
		self.assertEqual((scope_of(JO), self.actions()), (LEFT_NEWS, ["Opted Out"]))

	def test_without_a_list_it_means_everything(self):
		url = unsubscribe_url(sent_mail(JO, source=mass_email("Unsubscribe")))
		frappe.db.commit()
		self.visitor.post(url, ONE_CLICK)
		self.assertEqual(scope_of(JO), Scope("Unsubscribed"))

	def test_every_list_by_which_the_mailing_would_come_again(self):
		offers = target_list("Unsubscribe Offers", JO)
		stranger = target_list("Unsubscribe Strangers")
		mailing = mass_email("Unsubscribe", NEWS, offers, stranger)
		url = unsubscribe_url(sent_mail(JO, source=mailing, on_list=NEWS))
		frappe.db.commit()
		self.visitor.post(url, ONE_CLICK)
		self.assertEqual(set(scope_of(JO).lists), {NEWS, offers})

	def test_an_empty_post_changes_nothing(self):
		self.assertEqual(self.visitor.post(self.url).status_code, 200)
		self.assertEqual(self.visitor.post(self.url, {"action": "delete"}).status_code, 200)
		self.assertEqual((scope_of(JO), self.logged()), (Scope(), []))


class TestButtons(UnsubscribeTest):
	def test_leave_the_list_and_undo(self):
		answer = self.press("list")
		self.assertEqual((answer.status_code, scope_of(JO)), (200, LEFT_NEWS))
		self.assertIn(f"You will get no more mails of “{NEWS}”.", text_of(answer))
		self.assertEqual(buttons_of(answer), ["resubscribe_list", "all"])
		answer = self.press("resubscribe_list")
		self.assertIn("You are subscribed again", text_of(answer))
		self.assertEqual((scope_of(JO), self.actions()), (Scope(), ["Opted Out", "Opted In"]))

	def test_leave_everything_and_undo(self):
		answer = self.press("all")
		self.assertEqual((buttons_of(answer), scope_of(JO)), (["resubscribe_all"], Scope("Unsubscribed")))
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": JO, "global_unsubscribe": 1}))
		self.assertEqual(buttons_of(self.visitor.get(self.url)), ["resubscribe_all"])
		answer = self.press("resubscribe_all")
		self.assertEqual((buttons_of(answer), scope_of(JO)), (["all", "list"], Scope()))
		self.assertFalse(frappe.db.exists("Email Unsubscribe", {"email": JO}))

	def test_every_button_twice(self):
		for action in ("list", "list", "all", "all", "resubscribe_all", "resubscribe_all"):
			self.assertEqual(self.press(action).status_code, 200)
		self.assertEqual(self.actions(), ["Opted Out", "Opted Out", "Opted In"])
		self.assertEqual(scope_of(JO), LEFT_NEWS)

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
		self.assertEqual(scope_of(JO).everything, "Hard Bounce")

	def test_a_complaint_is(self):
		suppress(JO, reason="Complaint", origin="test")
		frappe.db.commit()
		self.press("resubscribe_all")
		self.assertEqual(scope_of(JO), Scope())

	def test_people_whom_the_collation_takes_for_one(self):
		target_list(NEWS, "josé@unsubscribe.example")
		url = unsubscribe_url(sent_mail("josé@unsubscribe.example", source=self.mailing, on_list=NEWS))
		jose = unsubscribe_url(sent_mail("jose@unsubscribe.example", source=self.mailing, on_list=NEWS))
		frappe.db.commit()
		self.press("all", url=url)
		self.assertEqual(scope_of("josé@unsubscribe.example"), Scope("Unsubscribed"))
		self.assertEqual(scope_of("jose@unsubscribe.example"), Scope())
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
		self.assertEqual(scope_of(JO), Scope())
		answer = self.visitor.post(self.url, {"action": "list", "csrf_token": token})
		self.assertEqual((answer.status_code, scope_of(JO)), (200, LEFT_NEWS))

	def test_a_guests_page_has_none(self):
		self.assertNotIn("csrf_token", Visitor().get(self.url).get_data(as_text=True))


class TestBrokenLinks(UnsubscribeTest):
	def test_garbage(self):
		token = self.url.rpartition("/")[2]
		for bad in (
			"",
			"x",
			token[:-1],
			token[1:],
			token.swapcase(),
			token * 9,
			"%00%ff",
			"é" * 40,
			"../../etc",
		):
			for answer in (self.visitor.get(f"/ec/u/{bad}"), self.visitor.post(f"/ec/u/{bad}", ONE_CLICK)):
				self.assertEqual(answer.status_code, 400, bad)
				self.assertIn("incomplete or damaged", text_of(answer))
		self.assertEqual(scope_of(JO), Scope())

	def test_a_token_of_another_purpose(self):
		token = store.ring().sign("open", self.message)
		self.assertEqual(self.visitor.post(f"/ec/u/{token}", ONE_CLICK).status_code, 400)
		self.assertEqual(scope_of(JO), Scope())

	def test_no_such_page(self):
		for path in ("/ec/", "/ec/x/y", "/ec/U/x"):
			self.assertEqual(self.visitor.get(path).status_code, 404, path)

	def test_other_paths_are_frappes(self):
		self.assertEqual(self.visitor.get("/api/method/ping").json, {"message": "pong"})
		self.assertNotIn("There is nothing at this address", text_of(self.visitor.get("/ecx")))

	def test_a_preview_link_says_so(self):
		for answer in (
			self.visitor.get(unsubscribe_url(PREVIEW)),
			self.visitor.post(unsubscribe_url(PREVIEW), {"action": "all"}),
		):
			self.assertEqual((answer.status_code, buttons_of(answer)), (200, []))
			self.assertIn("Nothing was changed", text_of(answer))
		self.assertEqual(self.visitor.post(unsubscribe_url(PREVIEW), ONE_CLICK).status_code, 200)

	def test_a_mail_that_is_no_longer_in_the_ledger(self):
		frappe.db.delete("Campaign Message", {"name": self.message})
		frappe.db.commit()
		for answer in (self.visitor.get(self.url), self.press("all")):
			self.assertEqual((answer.status_code, buttons_of(answer)), (410, []))
			self.assertIn("Please reply to the mail", text_of(answer))
		self.assertEqual(self.visitor.post(self.url, ONE_CLICK).status_code, 410)

	def test_a_list_that_is_gone(self):
		frappe.db.delete("Target List Member", {"target_list": NEWS})
		frappe.db.delete("Target List", {"name": NEWS})
		frappe.db.commit()
		self.assertEqual(buttons_of(self.visitor.get(self.url)), ["all"])
		self.visitor.post(self.url, ONE_CLICK)
		self.assertEqual(scope_of(JO), Scope("Unsubscribed"))

	def test_a_mailing_that_is_gone(self):
		frappe.db.delete("Mass Email", {"name": self.mailing})
		frappe.db.commit()
		self.visitor.post(self.url, ONE_CLICK)
		self.assertEqual(scope_of(JO), LEFT_NEWS)

	def test_a_failure_changes_nothing_and_says_so(self):
		frappe.db.sql_ddl("RENAME TABLE `tabCampaign Log` TO `tabCampaign Log Away`")
		try:
			answer = self.press("all")
		finally:
			frappe.db.sql_ddl("RENAME TABLE `tabCampaign Log Away` TO `tabCampaign Log`")
		self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (503, "300"))
		self.assertIn("Please try again", text_of(answer))
		self.assertEqual((scope_of(JO), self.stamp()), (Scope(), None))
		self.assertFalse(frappe.db.exists("Email Unsubscribe", {"email": JO}))


class TestAtOnce(UnsubscribeTest):
	"""The test holds the ledger row that a request needs after it has made the record of suppression."""

	def hold(self):
		frappe.db.set_value("Campaign Message", self.message, "reason", "held", update_modified=False)

	def begin(self):
		return Visitor().begin(self.url, method="POST", data={"action": "all"})

	def wait_for(self, statement, how_many=1):
		waiting = (
			"SELECT COUNT(*) FROM information_schema.processlist WHERE id != CONNECTION_ID() AND info LIKE %s"
		)
		deadline = monotonic() + 20
		while frappe.db.sql(waiting, f"{statement}%")[0][0] < how_many:
			self.assertLess(monotonic(), deadline, "The request never came to wait")
			sleep(0.1)

	def test_a_deadlock_is_tried_again(self):
		for _row in range(50):  # the database gives up the transaction that has changed less
			sent_mail("heavier@unsubscribe.example")
		self.hold()
		answer = self.begin()
		self.wait_for("UPDATE `tabCampaign Message`")
		frappe.db.sql("SELECT name FROM `tabSuppressed Email` WHERE name = %s FOR UPDATE", record_name(JO))
		frappe.db.commit()
		self.assertEqual(answer().status_code, 200)
		self.assertEqual((scope_of(JO), self.actions()), (Scope("Unsubscribed"), ["Opted Out"]))
		self.assertTrue(self.stamp())

	def test_the_same_click_twice(self):
		self.hold()
		first = self.begin()
		self.wait_for("UPDATE `tabCampaign Message`")
		second = self.begin()
		self.wait_for("INSERT INTO `tabSuppressed Email`")
		frappe.db.commit()
		self.assertEqual([first().status_code, second().status_code], [200, 200])
		self.assertEqual((scope_of(JO), self.actions()), (Scope("Unsubscribed"), ["Opted Out"]))
		self.assertEqual(frappe.db.count("Email Unsubscribe", {"email": JO}), 1)


class TestLinks(UnsubscribeTest):
	def test_absolute_and_of_this_site(self):
		self.assertTrue(self.url.startswith(frappe.utils.get_url() + "/ec/u/"), self.url)
		self.assertEqual(store.unsubscribe_url(self.message), self.url)

	def test_links_outlive_a_change_of_the_key(self):
		former = store.ring().sign("unsubscribe", 5)
		kept = dict(frappe.local.conf)
		self.addCleanup(frappe.local.conf.update, kept)
		self.addCleanup(frappe.local.conf.pop, store.FORMER_KEYS, None)
		frappe.local.conf.update({store.FORMER_KEYS: [kept["encryption_key"]], "encryption_key": "another"})
		self.assertNotEqual(store.ring().sign("unsubscribe", 5), former)
		self.assertEqual(store.ring().verify("unsubscribe", former).message, 5)
