"""Comparing, copying and merging lists; and the states of members that a list view shows."""

import time

import frappe

from email_campaigns.api.desk import target_list
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.tests.site.kits.builders import (
	a_contact,
	a_list,
	a_user,
	add_records,
	address,
	addresses,
)
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

ONE, TWO, NEW = "Sending One", "Sending Two", "Sending New"


class SetsTest(SendingTest):
	def members(self, title):
		frappe.db.rollback()
		return sorted(frappe.get_all("Target List Member", {"target_list": title}, pluck="email"))

	def run_jobs(self):
		frappe.db.commit()
		work_off()


class TestComparing(SetsTest):
	def test_the_same_record_or_address_is_the_same_person(self):
		a_list(*addresses(3), address("jose"), title=ONE)
		a_list(*addresses(2), address("josé"), title=TWO)
		contact = a_contact(addresses(3)[2])
		add_records(TWO, "Contact", contact)
		without = a_contact("", first_name="Without")
		for title in (ONE, TWO):
			add_records(title, "Contact", without)
		self.assertEqual(target_list.compare_lists(ONE, TWO), {"only_first": 1, "only_second": 1, "both": 4})

	def test_a_list_with_itself(self):
		a_list(title=ONE)
		with self.assertRaisesRegex(frappe.ValidationError, "two different lists"):
			target_list.compare_lists(ONE, ONE)

	def test_each_part_becomes_a_list(self):
		a_list(*addresses(3), title=ONE)
		a_list(*addresses(4)[1:], title=TWO)
		for which, expected in (
			({"target_list": ONE, "part": "only", "other": TWO}, addresses(1)),
			({"target_list": ONE, "part": "both", "other": TWO}, addresses(3)[1:]),
			({"target_list": TWO, "part": "only", "other": ONE}, addresses(4)[3:]),
		):
			name = target_list.copy_list(title=f"{NEW} {which['part']} {which['target_list']}", **which)
			self.run_jobs()
			self.assertEqual(self.members(name), expected)
			self.assertEqual(frappe.db.get_value("Target List", name, "member_count"), len(expected))


class TestCopying(SetsTest):
	def test_records_names_and_opt_outs_are_copied(self):
		a_list(*addresses(2), title=ONE)
		contact = a_contact(address("kim"))
		add_records(ONE, "Contact", contact)
		suppress(addresses(1)[0], reason="Unsubscribed", origin="the page", target_list=ONE)
		target_list.copy_list(ONE, NEW)
		self.run_jobs()
		self.assertEqual(self.members(NEW), sorted([*addresses(2), address("kim")]))
		kim = frappe.db.get_value(
			"Target List Member", {"target_list": NEW, "email": address("kim")}, "member_name"
		)
		self.assertEqual(kim, contact)
		self.assertEqual(read_scope(addresses(1)[0]).lists, {ONE: "Unsubscribed", NEW: "Unsubscribed"})
		self.assertIn(
			"3 of 3 members of “Sending One” joined.",
			frappe.db.get_value("Target List", NEW, "import_report"),
		)

	def test_a_title_that_is_taken_changes_nothing(self):
		a_list(title=ONE)
		with self.assertRaises(frappe.DuplicateEntryError):
			target_list.copy_list(ONE, ONE)

	def test_a_part_that_does_not_exist(self):
		a_list(title=ONE)
		with self.assertRaisesRegex(frappe.ValidationError, "no such part"):
			target_list.copy_list(ONE, NEW, part="or 1=1", other=TWO)


class TestMerging(SetsTest):
	def test_whoever_is_missing_joins_once(self):
		a_list(*addresses(2), title=ONE)
		a_list(*addresses(3), title=TWO)
		a_list(*addresses(4), title=NEW)
		add_records(TWO, "Contact", a_contact(addresses(1)[0]))
		for _again in range(2):
			target_list.merge_lists(ONE, frappe.as_json([TWO, NEW]))
			self.run_jobs()
			self.assertEqual(self.members(ONE), addresses(4))
		self.assertEqual(len(self.members(TWO)), 4)

	def test_who_left_the_other_list_stays_subscribed_where_they_were(self):
		a_list(addresses(1)[0], title=ONE)
		a_list(*addresses(2), title=TWO)
		for email in addresses(2):
			suppress(email, reason="Unsubscribed", origin="the page", target_list=TWO)
		target_list.merge_lists(ONE, [TWO])
		self.run_jobs()
		self.assertNotIn(ONE, read_scope(addresses(2)[0]).lists)
		self.assertEqual(read_scope(addresses(2)[1]).lists[ONE], "Unsubscribed")

	def test_nothing_and_itself(self):
		a_list(title=ONE)
		for sources in ([], [ONE]):
			with self.assertRaises(frappe.ValidationError):
				target_list.merge_lists(ONE, sources)

	def test_who_may_not_read_lists(self):
		a_list(title=ONE)
		a_list(title=TWO)
		frappe.set_user(a_user("stranger"))
		for call in (
			lambda: target_list.compare_lists(ONE, TWO),
			lambda: target_list.copy_list(ONE, NEW),
			lambda: target_list.merge_lists(ONE, [TWO]),
			lambda: target_list.member_states([1]),
		):
			with self.assertRaises(frappe.PermissionError):
				call()


class TestStates(SetsTest):
	def test_a_list_view_of_members_shows_their_states(self):
		a_list(*addresses(5), title=ONE)
		suppress(addresses(5)[0], reason="Unsubscribed", origin="test", target_list=ONE)
		suppress(addresses(5)[1], reason="Unsubscribed", origin="test", target_list=ONE)
		suppress(addresses(5)[1], reason="Unsubscribed", origin="test")
		suppress(addresses(5)[2], reason="Hard Bounce", origin="test")
		a_list(title=TWO)
		suppress(addresses(5)[3], reason="Unsubscribed", origin="test", target_list=TWO)
		by_email = {
			row.email: row.name
			for row in frappe.get_all("Target List Member", {"target_list": ONE}, ["name", "email"])
		}
		states = target_list.member_states(frappe.as_json(list(by_email.values())))
		self.assertEqual(
			[states.get(by_email[email], "") for email in addresses(5)],
			["Left This List", "Unsubscribed", "Hard Bounce", "", ""],
		)


class TestManyMembers(SetsTest):
	def test_two_hundred_thousand_are_compared_and_merged(self):
		half = 100_000
		for title, first in ((ONE, 1), (TWO, half // 2 + 1)):
			a_list(title=title)
			frappe.db.sql(
				"""INSERT INTO `tabTarget List Member`
					(name, creation, modified, target_list, email, member_key)
				SELECT NEXTVAL(`target_list_member_id_seq`), NOW(), NOW(), %s,
					CONCAT('m', seq, '@sending.example'), CONCAT('@m', seq, '@sending.example')
				FROM seq_1_to_1000000 WHERE seq >= %s LIMIT %s""",
				(title, first, half),
			)
		frappe.db.commit()
		began = time.monotonic()
		numbers = target_list.compare_lists(ONE, TWO)
		compared = time.monotonic() - began
		self.assertEqual(numbers, {"only_first": half // 2, "only_second": half // 2, "both": half // 2})
		began = time.monotonic()
		target_list.merge_lists(ONE, [TWO])
		self.run_jobs()
		merged = time.monotonic() - began
		self.assertEqual(frappe.db.count("Target List Member", {"target_list": ONE}), half * 3 // 2)
		print(f"two lists of {half}: compared in {compared:.1f} s, merged in {merged:.1f} s")
		self.assertLess(compared, 60)
		self.assertLess(merged, 180)
