"""Importing a file whose columns the user chooses, and making records for its addresses."""

import time

import frappe

from email_campaigns.api.desk import members
from email_campaigns.audience.lists.import_records_store import CONTACT
from email_campaigns.tests.site.audience.test_target_lists import LIST, ListTest, a_file, report_of
from email_campaigns.tests.site.kits.builders import a_contact, a_user, address, addresses
from email_campaigns.tests.site.kits.queue import waiting_jobs, work_off

CONTENT = (
	"Wohin;Vorname;Nachname;Firma;Rolle\n"
	"p0001@sending.example;Ada;Byron;Sending Ltd;Sending\n"
	"nonsense;No;One;;\n"
	"p0002@sending.example;;Curie;Sending Ltd;Sending\n"
	"p0003@sending.example;;;;Sending\n"
)
COLUMNS = {"email": 0, "first_name": 1, "last_name": 2}
OF_CONTACT = {**COLUMNS, "record:company_name": 3, "record:designation": 4}


class ImportTest(ListTest):
	def load(self, mapping, record_type="", content=CONTENT):
		members.import_members(LIST, a_file(self, content), frappe.as_json(mapping), record_type)
		frappe.db.commit()
		work_off()
		frappe.db.rollback()
		return self.report().splitlines()

	def rows(self):
		fields = ["email", "member_doctype", "member_name", "first_name", "last_name"]
		return frappe.get_all("Target List Member", {"target_list": LIST}, fields, order_by="email")


class TestColumns(ImportTest):
	def test_they_are_shown_with_values_and_guesses(self):
		answer = members.csv_columns(LIST, a_file(self, CONTENT))
		self.assertEqual(
			[column["field"] for column in answer["columns"]], ["", "first_name", "last_name", "", ""]
		)
		self.assertEqual(answer["columns"][0]["samples"][1], "nonsense")
		self.assertIn(CONTACT, answer["record_types"])
		self.assertNotIn("User", answer["record_types"])

	def test_what_they_can_be_depends_on_what_is_made(self):
		plain = [field["value"] for field in members.fields(LIST)]
		self.assertEqual(plain, ["email", "first_name", "last_name", "language", "opted_out"])
		of_contact = [field["value"] for field in members.fields(LIST, CONTACT)]
		self.assertIn("record:company_name", of_contact)
		self.assertNotIn("record:email_id", of_contact)

	def test_the_chosen_columns_are_imported(self):
		summary, *lines = self.load(COLUMNS)
		self.assertEqual(summary, report_of(joined=3, left_out=1))
		self.assertIn("Line 3: nonsense", lines[0])
		self.assertEqual([row.last_name for row in self.rows()], ["Byron", "Curie", ""])

	def test_a_choice_that_can_not_be_is_refused_and_nothing_waits(self):
		for mapping, record_type in (
			({"first_name": 0}, ""),
			({"email": 0, "record:company_name": 1}, ""),
			({"email": 0, "record:no_such_field": 1}, CONTACT),
			({"email": 0}, "User"),
		):
			with self.assertRaises((frappe.ValidationError, frappe.PermissionError)):
				members.import_members(LIST, "/x.csv", frappe.as_json(mapping), record_type)
		self.assertEqual(waiting_jobs(), [])
		self.assertIn("has 5 columns", self.load({"email": 9})[0])

	def test_a_file_that_can_not_be_read_is_said_before_anything_is_chosen(self):
		with self.assertRaisesRegex(frappe.ValidationError, "no text"):
			members.csv_columns(LIST, a_file(self, b"email\0\1\2\n"))

	def test_who_may_not_change_the_list(self):
		frappe.set_user(a_user("stranger"))
		for call in (lambda: members.csv_columns(LIST, "/x.csv"), lambda: members.fields(LIST)):
			with self.assertRaises(frappe.PermissionError):
				call()


class TestRecords(ImportTest):
	def test_a_contact_is_made_for_each_address_that_has_none(self):
		there = a_contact(addresses(2)[1], first_name="Marie")
		frappe.db.commit()
		self.assertEqual(
			self.load(OF_CONTACT, CONTACT)[0],
			report_of(joined=3, left_out=1) + " 2 records were made.",
		)
		rows = self.rows()
		self.assertEqual([row.email for row in rows], addresses(3))
		self.assertEqual(rows[1].member_name, there)
		ada = frappe.get_doc(CONTACT, rows[0].member_name)
		values = (ada.first_name, ada.last_name, ada.company_name, ada.email_id)
		self.assertEqual(values, ("Ada", "Byron", "Sending Ltd", addresses(1)[0]))
		self.assertEqual(frappe.db.get_value(CONTACT, rows[2].member_name, "first_name"), "p0003")
		self.assertEqual(frappe.db.get_value(CONTACT, there, "first_name"), "Marie")

	def test_imported_again_makes_nothing(self):
		self.load(OF_CONTACT, CONTACT)
		self.assertEqual(
			self.load(OF_CONTACT, CONTACT)[0],
			report_of(there=3, left_out=1) + " 0 records were made.",
		)

	def test_a_record_that_can_not_be_made_leaves_out_its_line_alone(self):
		content = (
			"email,gender,rolle\n"
			"p0001@sending.example,No Such Gender,Sending\n"
			"p0002@sending.example,,Sending\n"
		)
		mapping = {"email": 0, "record:gender": 1, "record:designation": 2}
		summary, line = self.load(mapping, CONTACT, content)
		self.assertEqual(summary, report_of(joined=1, left_out=1) + " 1 records were made.")
		self.assertIn("No Such Gender", line)
		self.assertEqual([row.email for row in self.rows()], addresses(2)[1:])

	def test_who_may_not_make_contacts_can_not_do_it_by_an_import(self):
		user = a_user("clerk", "Campaign User")
		frappe.db.delete("Has Role", {"parent": user, "role": ["!=", "Campaign User"]})
		frappe.clear_cache(user=user)
		frappe.set_user(user)
		if frappe.has_permission(CONTACT, "create"):
			self.skipTest("everybody may make contacts here")
		with self.assertRaises(frappe.PermissionError):
			members.import_members(LIST, "/x.csv", "{}", CONTACT)

	def test_a_thousand_contacts_in_bounded_time(self):
		many = 1000
		content = "email,rolle\n" + "".join(f"{address(f'c{index}')},Sending\n" for index in range(many))
		began = time.monotonic()
		report = self.load({"email": 0, "record:designation": 1}, CONTACT, content)
		seconds = time.monotonic() - began
		self.assertIn(f"{many} records were made", report[0])
		print(f"{many} contacts in {seconds:.1f} s")
		self.assertLess(seconds, 40)
