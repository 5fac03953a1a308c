"""The permissions with which a feed reads, and feeds of many members."""

import time

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import target_list
from email_campaigns.audience.feeds import source_store
from email_campaigns.audience.feeds.rules import FeedFault
from email_campaigns.jobs import lists as jobs
from email_campaigns.tests.site.kits.builders import a_user, addresses
from email_campaigns.tests.site.kits.feeds import FILTERS, LIST, REPORT, FeedTest
from email_campaigns.tests.site.kits.queue import work_off


class TestPermissions(FeedTest):
	def clerk(self, *roles):
		user = a_user("clerk", *(roles or ("Campaign User", "Sales User")))
		frappe.db.delete(
			"Has Role", {"parent": user, "role": ["not in", roles or ("Campaign User", "Sales User")]}
		)
		frappe.clear_cache(user=user)
		frappe.db.commit()
		return user

	def test_only_what_its_user_may_read_comes(self):
		names = self.contacts(3)
		user = self.clerk()
		frappe.get_doc(
			{"doctype": "User Permission", "user": user, "allow": "Contact", "for_value": names[1]}
		).insert()
		self.a_report(json=frappe.as_json({"filters": FILTERS, "fields": [["name", "Contact"]]}))
		frappe.set_user(user)
		self.a_feed()
		self.fed_by_report("name", title="By report")
		frappe.set_user("Administrator")
		self.run_now()
		self.assertEqual(self.members(), [addresses(2)[1]])

	def test_permission_that_is_lost_changes_nothing(self):
		self.contacts(2)
		user = self.clerk()
		frappe.set_user(user)
		feed = self.a_feed()
		frappe.set_user("Administrator")
		self.run_now()
		frappe.db.delete("Has Role", {"parent": user, "role": "Sales User"})
		frappe.clear_cache(user=user)
		frappe.db.commit()
		with source_store.acting_as(user):
			reads = source_store._reads("Contact")
		if reads:
			self.skipTest("this site lets everybody read contacts")
		self.run_now()
		self.assertIn("has no permission to read Contact", self.state(feed)[1])
		self.assertEqual(self.members(), addresses(2))

	def test_whoever_changes_what_a_feed_means_answers_for_it(self):
		feed = self.a_feed()
		user = self.clerk()
		frappe.set_user(user)
		doc = frappe.get_doc("Target List", LIST)
		doc.feeds[0].run_as = "Administrator"
		doc.feeds[0].schedule = "Weekly"
		doc.save()
		self.assertEqual(frappe.db.get_value("Target List Feed", feed, "run_as"), "Administrator")
		doc.feeds[0].run_as = "Administrator"
		doc.feeds[0].filters = "[]"
		doc.save()
		self.assertEqual(frappe.db.get_value("Target List Feed", feed, "run_as"), user)

	def test_who_may_not_change_the_list_may_not_run_its_feeds(self):
		self.a_feed()
		user = a_user("stranger")
		frappe.set_user(user)
		for call in (lambda: target_list.run_feed(LIST), lambda: target_list.feed_columns(REPORT)):
			with self.assertRaises(frappe.PermissionError):
				call()

	def test_a_report_without_permission(self):
		self.a_report(json="{}")
		with source_store.acting_as(a_user("stranger")), self.assertRaisesRegex(FeedFault, "no permission"):
			source_store.report_columns(REPORT)


class TestManyMembers(FeedTest):
	def test_a_hundred_thousand_records_in_the_background(self):
		many = 100_000
		self.make_many(many)
		feed = self.a_feed(
			record_type="Email Group Member",
			filters='[["Email Group Member","email_group","=","Sending Group"]]',
		)
		began = time.monotonic()
		jobs.run_feeds()
		work_off()
		first = time.monotonic() - began
		self.assertEqual(self.state(feed), ("Fine", f"{many} match: {many} came, 0 left."))
		frappe.db.set_value("Target List Feed", feed, "last_run", add_to_date(now_datetime(), days=-1))
		frappe.db.sql(
			"""UPDATE `tabEmail Group Member` SET email_group = 'Sending Gone'
			WHERE email LIKE '%%7@sending.example'"""
		)
		frappe.db.commit()
		began = time.monotonic()
		jobs.run_feeds()
		work_off()
		second = time.monotonic() - began
		self.assertEqual(self.state(feed), ("Fine", f"{many * 9 // 10} match: 0 came, {many // 10} left."))
		print(f"{many} records: {first:.1f} s, then {second:.1f} s with {many // 10} leaving")
		self.assertLess(first, 240)
		self.assertLess(second, 120)

	def make_many(self, many):
		frappe.db.sql(
			"""INSERT INTO `tabEmail Group Member`
				(name, creation, modified, owner, modified_by, email_group, email)
			SELECT CONCAT('sending-', seq), NOW(), NOW(), 'Administrator', 'Administrator', 'Sending Group',
				CONCAT('m', seq, '@sending.example') FROM seq_1_to_%s""",
			many,
		)
		frappe.db.commit()
