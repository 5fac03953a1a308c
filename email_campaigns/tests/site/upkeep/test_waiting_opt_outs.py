"""An opt-out that can't be carried out when it comes is stored, and holds before the next mail leaves."""

import json
from unittest.mock import patch

import frappe
from frappe.installer import update_site_config

from email_campaigns.api.public import routes
from email_campaigns.audience.suppression import waiting_store
from email_campaigns.audience.suppression.suppression import SuppressionScope
from email_campaigns.audience.suppression.suppression_store import read_scope
from email_campaigns.files_store import DAMAGED
from email_campaigns.jobs import opt_outs, sending
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.other_connection import OtherConnection
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.recipient import (
	JO,
	LEFT_NEWS,
	ONE_CLICK,
	UnsubscribeTest,
	text_of,
)
from email_campaigns.tests.site.kits.sending_test import SendingTest
from email_campaigns.tests.site.kits.visitor import Visitor, unsubscribe_url

WAITING = "Waiting Opt Out"


def in_a_hurry(test):
	"""Let requests and jobs wait a second for a row."""
	for module in (routes, opt_outs):
		patience = patch.object(module, "LOCK_SECONDS", 1)
		patience.start()
		test.addCleanup(patience.stop)
	test.addCleanup(clean)


def clean():
	frappe.db.rollback()
	frappe.db.delete(WAITING)
	frappe.db.commit()
	for path, _wish in waiting_store.read_files():
		path.unlink()


class TestHeldRows(UnsubscribeTest):
	def setUp(self):
		super().setUp()
		in_a_hurry(self)

	def test_a_one_click_is_stored_and_carried_out(self):
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", self.message)
			answer = self.visitor.post(self.url, ONE_CLICK)
			self.assertEqual(answer.status_code, 200)
			self.assertIn("We have noted that you want no more mails", text_of(answer))
			self.assertEqual(frappe.get_all(WAITING, pluck="email"), [JO])
			self.assertEqual(read_scope(JO), SuppressionScope())
			opt_outs.carry_out(5)  # still held
			self.assertEqual(frappe.get_all(WAITING, pluck="tries"), [1])
		opt_outs.carry_out(5)
		self.assertEqual((read_scope(JO), frappe.get_all(WAITING)), (LEFT_NEWS, []))
		self.assertTrue(self.stamp())
		(entry,) = frappe.get_all("Campaign Log", {"email": JO}, ["action", "details", "owner"])
		self.assertEqual((entry.action, entry.owner), ("Opted Out", "Guest"))
		origin = frappe.db.get_value("Suppressed Email", {"email": JO}, "origin")
		self.assertIn("one click in the mail program, on 20", origin)

	def test_a_button_says_what_happened(self):
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", self.message)
			answer = self.press("all")
		self.assertEqual(answer.status_code, 200)
		self.assertIn("will be carried out within minutes", text_of(answer))
		opt_outs.carry_out(5)
		self.assertEqual(read_scope(JO), SuppressionScope("Unsubscribed"))

	def test_coming_back_is_not_promised(self):
		self.press("all")
		with OtherConnection() as other:
			other.hold("Suppressed Email", "email = %s", JO)
			answer = self.press("resubscribe_all")
		self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (503, "300"))
		self.assertEqual(frappe.db.count(WAITING), 0)

	def test_who_came_back_meanwhile_stays(self):
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", self.message)
			self.press("list")
		frappe.db.sql("UPDATE `tabWaiting Opt Out` SET creation = creation - INTERVAL 1 MINUTE")
		frappe.db.commit()
		self.press("list")
		self.press("resubscribe_list")
		opt_outs.carry_out(5)
		self.assertEqual((read_scope(JO), frappe.db.count(WAITING)), (SuppressionScope(), 0))

	def test_one_of_a_mail_that_is_gone_is_reported(self):
		waiting_store.add(waiting_store.make_wish(self.message, "all", ""))
		frappe.db.delete("Campaign Message", {"name": self.message})
		opt_outs.carry_out(5)
		self.assertEqual(frappe.db.count(WAITING), 0)
		self.assertTrue(frappe.db.exists("Error Log", {"method": ["like", f"%mail {self.message}, which%"]}))

	def test_a_click_leads_on_where_it_cannot_be_recorded(self):
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", self.message)
			answer = self.visitor.get(self.url.replace("/u/", "/o/"))
		self.assertEqual(answer.status_code, 200)


class TestFiles(UnsubscribeTest):
	"""Where the table can't be written either, a file takes the wish."""

	def setUp(self):
		super().setUp()
		in_a_hurry(self)

	def without_table(self, action):
		frappe.db.sql_ddl(f"RENAME TABLE `tab{WAITING}` TO `tab{WAITING} Away`")
		try:
			with OtherConnection() as other:
				other.hold("Campaign Message", "name = %s", self.message)
				return action()
		finally:
			frappe.db.sql_ddl(f"RENAME TABLE `tab{WAITING} Away` TO `tab{WAITING}`")

	def test_a_one_click_is_in_a_file_and_carried_out(self):
		answer = self.without_table(lambda: self.visitor.post(self.url, ONE_CLICK))
		self.assertEqual(answer.status_code, 200)
		((_path, wish),) = waiting_store.read_files()
		self.assertEqual((wish.message, wish.action), (self.message, "list"))
		opt_outs.carry_out(5)
		self.assertEqual((read_scope(JO), list(waiting_store.read_files())), (LEFT_NEWS, []))

	def test_without_a_place_to_store_it_the_client_tries_again(self):
		with patch.object(waiting_store.FILES, "name", "files/\0"):
			answer = self.without_table(lambda: self.visitor.post(self.url, ONE_CLICK))
		self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (503, "300"))

	def test_a_damaged_file_is_put_aside(self):
		waiting_store.write_file(waiting_store.make_wish(self.message, "all", ""))
		((path, _wish),) = waiting_store.read_files()
		path.write_text("{")
		self.assertEqual(list(waiting_store.read_files()), [])
		aside = path.with_suffix(DAMAGED)
		self.assertTrue(aside.exists())
		aside.unlink()

	def test_files_that_can_not_be_read_hold_up_nothing(self):
		waiting_store.write_file(waiting_store.make_wish(self.message, "list", ""))
		((good, _wish),) = waiting_store.read_files()
		wish = {"message": self.message, "action": "all", "how": "", "asked_at": "2026-01-01 10:00:00"}
		damaged = {
			"0-text.json": wish | {"message": "seven"},
			"1-huge.json": wish | {"message": 2**64},
			"2-none.json": wish | {"how": None},
			"3-time.json": wish | {"asked_at": "soon"},
			"4-long.json": wish | {"action": "a" * 300},
		}
		for name, values in damaged.items():
			good.with_name(name).write_text(json.dumps(values))
		good.with_name("5-unreadable.json").mkdir()  # reading raises OSError, for root too
		for _time in range(2):
			opt_outs.carry_out(5)
		frappe.db.rollback()
		self.assertEqual((read_scope(JO), list(good.parent.glob("*.json"))), (LEFT_NEWS, []))
		for name in (*damaged, "5-unreadable.json"):
			aside = good.with_name(name).with_suffix(DAMAGED)
			(aside.rmdir if aside.is_dir() else aside.unlink)()
			title = f"Email Campaigns: the opt-out in {name} can't be read"
			self.assertEqual(frappe.db.count("Error Log", {"method": title}), 1, name)
			frappe.db.delete("Error Log", {"method": title})
		frappe.db.commit()

	def test_during_a_migration(self):
		update_site_config("maintenance_mode", 1)
		self.addCleanup(update_site_config, "maintenance_mode", 0)
		answer = self.visitor.post(self.url, ONE_CLICK)
		update_site_config("maintenance_mode", 0)
		self.assertEqual(answer.status_code, 200)
		self.assertEqual(
			answer.get_data(as_text=True).splitlines()[0], "We have noted that you want no more mails"
		)
		opt_outs.carry_out(5)
		self.assertEqual(read_scope(JO), LEFT_NEWS)


class TestWithoutDatabase(UnsubscribeTest):
	def setUp(self):
		super().setUp()
		in_a_hurry(self)

	def test_a_one_click_is_in_a_file_and_carried_out(self):
		self.visitor.get(self.url)  # what Frappe reads before each request is in its cache
		answer = self.away(lambda: self.visitor.post(self.url, ONE_CLICK))
		self.assertEqual(answer.status_code, 200)
		opt_outs.carry_out(5)
		self.assertEqual(read_scope(JO), LEFT_NEWS)

	def away(self, action):
		"""Let new connections find no server."""
		port = frappe.conf.db_port
		update_site_config("db_port", 9)
		try:
			return action()
		finally:
			update_site_config("db_port", "None")
			frappe.conf.db_port = port


class TestNextMail(SendingTest):
	def setUp(self):
		super().setUp()
		in_a_hurry(self)

	def test_holds_before_the_next_mail_leaves(self):
		leaver, other_one = addresses(2)
		a_list(leaver, other_one)
		first = self.send(a_mailing("Sending List"))
		message = frappe.db.get_value("Campaign Message", {"source": first, "email": leaver})
		second = self.start(a_mailing("Sending List"))
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", message)
			self.assertEqual(Visitor().post(unsubscribe_url(message), ONE_CLICK).status_code, 200)
			self.go_on()
			# It can't be carried out yet, and nothing has left to the address.
			self.assertEqual(self.ledger(second), {leaver: ("Queued", ""), other_one: ("Sent", "")})
		self.go_on()
		self.assertEqual(self.ledger(second)[leaver], ("Skipped", "Unsubscribed"))
		self.assertEqual(self.received().count(leaver), 1)

	def test_holds_for_a_batch_under_way(self):
		people = addresses(4)
		a_list(*people)
		first = self.send(a_mailing("Sending List"))
		message = frappe.db.get_value("Campaign Message", {"source": first, "email": people[3]})
		answers = []
		self.serve()
		second = self.start(a_mailing("Sending List"))
		self.at_mail(1, lambda: answers.append(Visitor().post(unsubscribe_url(message), ONE_CLICK)))
		with OtherConnection() as other:
			other.hold("Mass Email", "name = %s", first)  # the figures of the first one
			self.go_on()
		self.assertEqual(answers[0].status_code, 200)
		self.assertEqual(self.received(), people[:3])
		self.go_on()
		self.assertEqual(self.ledger(second)[people[3]], ("Skipped", "Unsubscribed"))

	def test_a_file_is_read_before_the_next_batch(self):
		(leaver,) = addresses(1)
		a_list(leaver)
		first = self.send(a_mailing("Sending List"))
		message = frappe.db.get_value("Campaign Message", {"source": first, "email": leaver})
		second = self.start(a_mailing("Sending List"))
		sending.tick()
		sending.freeze(second)
		waiting_store.write_file(waiting_store.make_wish(message, "list", ""))
		work_off()
		self.assertEqual(self.ledger(second)[leaver], ("Skipped", "Unsubscribed"))
