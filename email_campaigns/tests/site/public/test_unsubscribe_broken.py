"""The unsubscribe link when something is wrong: damaged links, missing rows, failures, two clicks at once."""

import frappe

from email_campaigns.audience.suppression.suppression import SuppressionScope, record_name
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.tests.site.kits.other_connection import wait_for
from email_campaigns.tests.site.kits.recipient import (
	JO,
	LEFT_NEWS,
	NEWS,
	ONE_CLICK,
	UnsubscribeTest,
	buttons_of,
	text_of,
)
from email_campaigns.tests.site.kits.visitor import Visitor, sent_mail, unsubscribe_url
from email_campaigns.tracking import store
from email_campaigns.tracking.tokens import PREVIEW


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
		self.assertEqual(read_scope(JO), SuppressionScope())

	def test_a_token_of_another_purpose(self):
		token = store.token_ring().sign("open", self.message)
		self.assertEqual(self.visitor.post(f"/ec/u/{token}", ONE_CLICK).status_code, 400)
		self.assertEqual(read_scope(JO), SuppressionScope())

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
		self.assertEqual(read_scope(JO), SuppressionScope("Unsubscribed"))

	def test_a_mailing_that_is_gone(self):
		frappe.db.delete("Mass Email", {"name": self.mailing})
		frappe.db.commit()
		self.visitor.post(self.url, ONE_CLICK)
		self.assertEqual(read_scope(JO), LEFT_NEWS)

	def test_a_failure_changes_nothing_and_says_so(self):
		suppress(JO, reason="Unsubscribed", origin="Unsubscribe")
		frappe.db.commit()
		frappe.db.sql_ddl("RENAME TABLE `tabCampaign Log` TO `tabCampaign Log Away`")
		try:
			answer = self.press("resubscribe_all")
		finally:
			frappe.db.sql_ddl("RENAME TABLE `tabCampaign Log Away` TO `tabCampaign Log`")
		self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (503, "300"))
		self.assertIn("Please try again", text_of(answer))
		self.assertEqual((read_scope(JO), self.stamp()), (SuppressionScope("Unsubscribed"), None))
		self.assertTrue(frappe.db.exists("Email Unsubscribe", {"email": JO}))


class TestAtOnce(UnsubscribeTest):
	"""The test holds the ledger row that a request needs after it has made the record of suppression."""

	def hold(self):
		frappe.db.set_value("Campaign Message", self.message, "reason", "held", update_modified=False)

	def begin(self):
		return Visitor().begin(self.url, method="POST", data={"action": "all"})

	def test_a_deadlock_is_tried_again(self):
		for _row in range(50):  # the database gives up the transaction that has changed less
			sent_mail("heavier@unsubscribe.example")
		self.hold()
		answer = self.begin()
		wait_for("SELECT c.source")  # for the row that it is about to stamp
		frappe.db.sql("SELECT name FROM `tabSuppressed Email` WHERE name = %s FOR UPDATE", record_name(JO))
		frappe.db.commit()
		self.assertEqual(answer().status_code, 200)
		self.assertEqual((read_scope(JO), self.actions()), (SuppressionScope("Unsubscribed"), ["Opted Out"]))
		self.assertTrue(self.stamp())

	def test_the_same_click_twice(self):
		self.hold()
		first = self.begin()
		wait_for("SELECT c.source")  # for the row that it is about to stamp
		second = self.begin()
		wait_for("INSERT INTO `tabSuppressed Email`")
		frappe.db.commit()
		self.assertEqual([first().status_code, second().status_code], [200, 200])
		self.assertEqual((read_scope(JO), self.actions()), (SuppressionScope("Unsubscribed"), ["Opted Out"]))
		self.assertEqual(frappe.db.count("Email Unsubscribe", {"email": JO}), 1)


class TestLinks(UnsubscribeTest):
	def test_absolute_and_of_this_site(self):
		self.assertTrue(self.url.startswith(frappe.utils.get_url() + "/ec/u/"), self.url)
		self.assertEqual(store.unsubscribe_url(self.message), self.url)

	def test_links_outlive_a_change_of_the_key(self):
		former = store.token_ring().sign("unsubscribe", 5)
		before = dict(frappe.local.conf)
		self.addCleanup(frappe.local.conf.update, before)
		self.addCleanup(frappe.local.conf.pop, store.FORMER_KEYS, None)
		frappe.local.conf.update({store.FORMER_KEYS: [before["encryption_key"]], "encryption_key": "another"})
		self.assertNotEqual(store.token_ring().sign("unsubscribe", 5), former)
		self.assertEqual(store.token_ring().verify("unsubscribe", former).message, 5)
