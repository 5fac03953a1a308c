"""Members that join and leave with a feed, and when."""

import frappe
from frappe.utils import add_to_date, now_datetime

from email_campaigns.api.desk import members
from email_campaigns.audience.feeds import run_store
from email_campaigns.jobs import lists as jobs
from email_campaigns.tests.site.kits.builders import a_contact, address, addresses
from email_campaigns.tests.site.kits.feeds import LIST, FeedTest
from email_campaigns.tests.site.kits.queue import waiting_jobs, work_off


class TestComingAndGoing(FeedTest):
	def test_who_matches_comes_and_who_no_longer_does_leaves(self):
		names, feed = self.contacts(3), self.a_feed()
		self.run_now()
		self.assertEqual(self.members(), addresses(3))
		self.assertEqual(self.state(feed), ("Fine", "3 match: 3 came, 0 left."))
		self.assertEqual(frappe.db.get_value("Target List", LIST, "member_count"), 3)
		self.no_longer(names[0])
		self.run_now(feed)
		self.assertEqual(self.members(), addresses(3)[1:])
		self.assertEqual(self.state(feed), ("Fine", "2 match: 0 came, 1 left."))
		self.assertEqual(
			self.changes(), [*(("Came", email) for email in addresses(3)), ("Left", addresses(1)[0])]
		)

	def test_a_table_of_the_record_may_be_asked_for(self):
		self.contacts(2)
		wanted = [["Contact Email", "email_id", "=", addresses(2)[1]]]
		self.a_feed(filters=frappe.as_json(wanted))
		self.run_now()
		self.assertEqual(self.members(), addresses(2)[1:])

	def test_they_stay_where_that_is_wanted(self):
		names, feed = self.contacts(2), self.a_feed(no_longer_match="Stay")
		self.run_now()
		self.no_longer(names[0])
		self.run_now()
		self.assertEqual(self.members(), addresses(2))
		self.assertEqual(self.state(feed)[1], "1 match: 0 came, 0 left.")

	def test_whom_a_person_put_there_stays(self):
		names = self.contacts(3)
		members.add_members(LIST, "Contact", names=[names[0]])
		frappe.db.commit()
		work_off()
		self.a_feed()
		self.run_now()
		members.add_members(LIST, "Contact", names=[names[1]])
		frappe.db.commit()
		work_off()
		for name in names:
			self.no_longer(name)
		a_contact(address("new"), company_name="Sending Ltd")
		frappe.db.commit()
		self.run_now()
		self.assertEqual(self.members(), sorted([address("new"), *addresses(2)]))

	def test_whom_another_feed_holds_stays(self):
		names = self.contacts(3)
		self.a_feed()
		self.a_feed(title="All", filters=frappe.as_json([["Contact", "designation", "=", "Sending"]]))
		self.run_now()
		self.no_longer(names[0])
		self.run_now()
		self.assertEqual(self.members(), addresses(3))
		frappe.db.set_value("Contact", names[0], "designation", "")
		frappe.db.commit()
		self.run_now()
		self.assertEqual(self.members(), addresses(3)[1:])
		frappe.db.set_value("Contact", names[0], "designation", "Sending")
		frappe.db.commit()

	def test_whom_a_person_took_off_does_not_come_again(self):
		self.contacts(2)
		self.a_feed()
		self.run_now()
		frappe.delete_doc(
			"Target List Member", frappe.db.get_value("Target List Member", {"email": addresses(1)[0]})
		)
		frappe.db.commit()
		self.run_now()
		self.assertEqual(self.members(), addresses(2)[1:])

	def test_members_of_a_feed_that_is_removed_stay_for_good(self):
		self.contacts(2)
		self.a_feed()
		self.run_now()
		doc = frappe.get_doc("Target List", LIST)
		doc.set("feeds", [])
		doc.save()
		frappe.db.commit()
		self.assertEqual(frappe.db.count("Target List Feed Member"), 0)
		self.assertEqual(
			frappe.get_all("Target List Member", {"target_list": LIST}, pluck="by_person"), [1, 1]
		)

	def test_nobody_at_all_empties_the_list_only_the_second_time(self):
		names, feed = self.contacts(2), self.a_feed()
		self.run_now()
		for name in names:
			self.no_longer(name)
		self.run_now()
		self.assertEqual(self.members(), addresses(2))
		status, result = self.state(feed)
		self.assertEqual(status, "Waiting")
		self.assertIn("Nobody matched, where the feed had 2 members", result)
		self.run_now()
		self.assertEqual(self.members(), [])
		self.assertEqual(self.state(feed), ("Fine", "0 match: 0 came, 2 left."))

	def test_after_a_fault_that_passed_nobody_has_left(self):
		names, feed = self.contacts(2), self.a_feed()
		self.run_now()
		for name in names:
			self.no_longer(name)
		self.run_now()
		frappe.db.set_value("Contact", names[0], "company_name", "Sending Ltd")
		frappe.db.commit()
		self.run_now()
		self.assertEqual(self.members(), addresses(1))
		self.assertEqual(self.state(feed)[0], "Fine")

	def test_deleting_the_list_deletes_what_its_feeds_noted(self):
		self.contacts(1)
		self.a_feed()
		self.run_now()
		frappe.delete_doc("Target List", LIST)
		self.assertEqual(frappe.db.count("Target List Feed Member"), 0)


class TestSchedule(FeedTest):
	def test_what_is_due_runs_and_nothing_else(self):
		self.contacts(1)
		feed = self.a_feed()
		off = self.a_feed(title="Off", enabled=0)
		jobs.run_feeds()
		work_off()
		self.assertEqual(self.members(), addresses(1))
		self.assertEqual(self.state(off), (None, None))
		jobs.run_feeds()
		self.assertEqual(waiting_jobs(), [])
		frappe.db.set_value("Target List Feed", feed, "last_run", add_to_date(now_datetime(), days=-1))
		frappe.db.commit()
		jobs.run_feeds()
		jobs.run_feeds()
		self.assertEqual(len(waiting_jobs()), 1)
		work_off()

	def test_a_run_that_was_killed_goes_on(self):
		self.contacts(5)
		feed = self.a_feed()
		(row,) = run_store.rows_store.read_feeds(LIST)
		small = lambda values: audience_slices(values, 2)  # noqa: E731
		audience_slices, run_store.slices = run_store.slices, small
		self.addCleanup(setattr, run_store, "slices", audience_slices)
		steps = run_store.FeedRun(row).run()
		next(steps)
		frappe.db.commit()
		next(steps)
		frappe.db.rollback()  # killed before its second slice was durable
		self.assertEqual(self.members(), addresses(2))
		jobs.run_feeds()
		work_off()
		self.assertEqual(self.members(), addresses(5))
		self.assertEqual(self.state(feed), ("Fine", "5 match: 3 came, 0 left."))
		self.assertEqual(self.changes(), [("Came", email) for email in addresses(5)])

	def test_a_form_that_was_open_during_a_run_does_not_take_its_result_back(self):
		self.contacts(1)
		feed = self.a_feed()
		stale = frappe.get_doc("Target List", LIST)
		jobs.run_feeds()
		work_off()
		frappe.db.rollback()
		stale.description = "Changed meanwhile"
		stale.feeds[0].last_result = "Invented"
		stale.save()
		self.assertEqual(
			frappe.db.get_value("Target List Feed", feed, "last_result"), "1 match: 1 came, 0 left."
		)
