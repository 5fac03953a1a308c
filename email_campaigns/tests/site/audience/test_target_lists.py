"""Target lists: ways to join, and the reports about lines and records that could not."""

import resource
import time

import frappe

from email_campaigns.api.desk import members as members_api
from email_campaigns.audience.suppression.suppression_store import read_scope, suppress
from email_campaigns.jobs import lists
from email_campaigns.tests.site.kits.builders import a_contact, a_list, a_user, address, addresses
from email_campaigns.tests.site.kits.queue import waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

LIST = "Sending List"


class ListTest(SendingTest):
	def setUp(self):
		super().setUp()
		a_list()
		frappe.db.commit()

	def members(self):
		rows = frappe.get_all("Target List Member", {"target_list": LIST}, ["email", "member_name"])
		return sorted(row.email for row in rows)

	def report(self):
		return frappe.db.get_value("Target List", LIST, "import_report")

	def add(self, doctype, **which):
		number = members_api.add_members(LIST, doctype, **which)
		frappe.db.commit()
		work_off()
		return number


class TestRecords(ListTest):
	def contacts(self, number):
		names = [a_contact(email, company_name="Sending Ltd") for email in addresses(number)]
		frappe.db.commit()
		return names

	def test_contacts_by_name_join_once(self):
		names = self.contacts(3)
		for _again in range(2):
			self.assertEqual(self.add("Contact", names=frappe.as_json(names[:2])), 2)
			self.assertEqual(self.members(), addresses(2))
		self.assertIn("0 of 2 records joined", self.report())
		self.assertEqual(frappe.db.get_value("Target List", LIST, "member_count"), 2)

	def test_contacts_by_the_filter_of_a_list_view(self):
		self.contacts(3)
		filters = frappe.as_json([["Contact", "company_name", "=", "Sending Ltd"]])
		self.assertEqual(self.add("Contact", filters=filters), 3)
		self.assertEqual(self.members(), addresses(3))

	def test_a_filter_that_nobody_meets(self):
		with self.assertRaisesRegex(frappe.ValidationError, "No Contact matches"):
			self.add("Contact", filters='{"company_name": "Sending Nobody"}')

	def test_users(self):
		self.add("User", names=[a_user("clerk")])
		self.assertEqual(self.members(), [address("clerk")])

	def test_members_of_an_email_group(self):
		frappe.get_doc({"doctype": "Email Group", "title": "Sending Group"}).insert()
		for email in addresses(2):
			row = {"doctype": "Email Group Member", "email_group": "Sending Group", "email": email}
			frappe.get_doc(row).insert()
		self.add("Email Group Member", filters={"email_group": "Sending Group"})
		self.assertEqual(self.members(), addresses(2))

	def test_a_doctype_that_is_no_source(self):
		with self.assertRaisesRegex(frappe.ValidationError, "is not a recipient source"):
			self.add("Role", names=["Administrator"])

	def test_who_may_not_read_contacts_adds_none(self):
		names = self.contacts(1)
		user = a_user("clerk", "Campaign Manager")
		frappe.db.delete("Has Role", {"parent": user, "role": ["!=", "Campaign Manager"]})
		frappe.clear_cache(user=user)
		frappe.set_user(user)
		try:
			with self.assertRaises((frappe.PermissionError, frappe.ValidationError)):
				self.add("Contact", names=names)
		finally:
			frappe.set_user("Administrator")
		self.assertEqual((self.members(), waiting_jobs()), ([], []))


class TestPlainAddresses(ListTest):
	def insert(self, **values):
		return frappe.get_doc({"doctype": "Target List Member", "target_list": LIST, **values}).insert()

	def test_one_added_by_hand_is_kept_in_one_spelling(self):
		self.insert(email="  Jo@SENDING.example ")
		self.assertEqual(self.members(), ["Jo@sending.example"])
		self.assertEqual(frappe.db.get_value("Target List", LIST, "member_count"), 1)

	def test_added_twice_it_is_refused(self):
		self.insert(email=address("jo"))
		with self.assertRaisesRegex(frappe.ValidationError, "is already on"):
			self.insert(email="JO@sending.example")

	def test_what_is_no_address_is_refused(self):
		for wrong in (
			"",
			"jo",
			"jo@",
			"jo@sending.example\r\nBcc: you@sending.example",
			"a b@sending.example",
		):
			with self.subTest(wrong=wrong), self.assertRaises(frappe.ValidationError):
				self.insert(email=wrong)

	def test_a_contact_added_by_hand_has_the_contacts_address(self):
		contact = a_contact(address("kim"))
		self.insert(member_doctype="Contact", member_name=contact, email="other@sending.example")
		self.assertEqual(self.members(), [address("kim")])
		with self.assertRaisesRegex(frappe.ValidationError, "is already on"):
			self.insert(member_doctype="Contact", member_name=contact)


def a_file(test, content):
	"""Upload a CSV file for the time of a test."""
	name = f"sending-{frappe.generate_hash(length=8)}.csv"
	file = frappe.get_doc({"doctype": "File", "file_name": name, "content": content, "is_private": 1})
	file.insert()
	frappe.db.commit()
	test.addCleanup(frappe.db.commit)
	test.addCleanup(frappe.delete_doc, "File", file.name, force=True)
	return file.file_url


def report_of(joined=0, updated=0, there=0, kept_out=0, left_out=0):
	"""Return the first line of the report of an import."""
	lines = joined + updated + there + kept_out + left_out
	return (
		f"{lines} lines: {joined} joined, {updated} updated, {there} already there, {kept_out} opted out and"
		f" kept out, {left_out} left out."
	)


class TestImport(ListTest):
	def load(self, content):
		lists.import_members(LIST, a_file(self, content))
		return self.report().splitlines()

	def test_good_lines_join_and_each_other_is_reported_with_its_reason(self):
		a_list(address("present"))
		summary, *lines = self.load(
			"E-Mail;First Name;Language\n"
			"jo@sending.example;Jo;en\n"
			"no address;No;en\n"
			"JO@sending.example;Jo again;en\n"
			"present@sending.example;Present;en\n"
			"zoë@sending.example;Zoë;xx-nowhere\n"
			";;\n"
			"josé@sending.example;José;\n"
		)
		self.assertEqual(summary, report_of(joined=2, updated=1, left_out=3))
		self.assertEqual([line.split(":")[0] for line in lines], ["Line 3", "Line 4", "Line 6"])
		for line, words in zip(lines, ("no address", "line 2", "xx-nowhere"), strict=True):
			self.assertIn(words, line)
		self.assertEqual(
			self.members(), ["jo@sending.example", "josé@sending.example", "present@sending.example"]
		)

	def test_a_second_import_adds_nobody(self):
		content = "email\n" + "\n".join(addresses(5))
		self.assertEqual(self.load(content), [report_of(joined=5)])
		self.assertEqual(self.load(content), [report_of(there=5)])

	def test_a_file_that_is_no_list_of_addresses(self):
		self.assertIn("names no column “Email”", self.load("name,phone\nJo,1\n")[0])
		self.assertIn("is no text", self.load(b"email\0\1\2\nx")[0])
		self.assertEqual(self.members(), [])


class TestDeletion(ListTest):
	def test_members_go_and_opt_outs_stay(self):
		a_list(*addresses(3))
		suppress(addresses(1)[0], reason="Unsubscribed", origin="test", target_list=LIST)
		suppress(addresses(2)[1], reason="Unsubscribed", origin="test")
		frappe.db.commit()
		try:
			frappe.delete_doc("Target List", LIST)
		except frappe.LinkExistsError:
			self.fail("an opt-out keeps the list from being deleted")
		self.assertEqual(self.members(), [])
		self.assertEqual(read_scope(addresses(2)[1]).everything, "Unsubscribed")
		self.assertTrue(frappe.db.exists("Suppressed Email", {"email": addresses(1)[0]}))


class TestManyMembers(ListTest):
	def test_twenty_thousand_join_in_bounded_time_and_memory(self):
		many = 20_000
		content = "email\n" + "\n".join(f"q{index}@sending.example" for index in range(many))
		url = a_file(self, content)
		before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
		lists.import_members(LIST, url)
		seconds = time.monotonic() - began
		grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
		print(f"{many} plain members in {seconds:.1f} s, {grown:.0f} MB more memory at the peak")
		self.assertEqual(self.report(), report_of(joined=many))
		self.assertEqual(frappe.db.get_value("Target List", LIST, "member_count"), many)
		self.assertLess(seconds, 40, "a list of 100,000 would take minutes")
		self.assertLess(grown, 200)
