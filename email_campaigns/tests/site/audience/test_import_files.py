"""Importing files of spreadsheets and other systems: how they are read, who is kept out, and the report."""

import csv
import io
import resource
import time

import frappe
from openpyxl import Workbook

from email_campaigns.api.desk import members
from email_campaigns.audience.suppression import erase_store
from email_campaigns.audience.suppression.suppression_store import read_scope
from email_campaigns.jobs import lists
from email_campaigns.tests.site.audience.test_import_columns import ImportTest
from email_campaigns.tests.site.audience.test_target_lists import LIST, a_file, report_of
from email_campaigns.tests.site.kits.builders import a_contact, a_list, address, addresses
from email_campaigns.tests.site.kits.queue import work_off

FRENCH = (
	"Prénom;Nom;E-mail;Désabonné\r\nZoé;Cœur;p0001@sending.example;non\r\n"
	"François;12 €;p0002@sending.example;oui\r\n"
).encode("cp1252")


class FilesTest(ImportTest):
	def load_as_shown(self, content, **changes):
		"""Import a file as the dialog does: with the layout and the columns that it was shown."""
		url = a_file(self, content)
		shown = members.csv_columns(LIST, url, **changes)
		mapping = {
			f"opted_out:{place}" if column["field"] == "opted_out" else column["field"]: place
			for place, column in enumerate(shown["columns"])
			if column["field"]
		}
		members.import_members(LIST, url, frappe.as_json(mapping), "", **shown["layout"])
		frappe.db.commit()
		work_off()
		frappe.db.rollback()
		return self.report().splitlines()

	def names(self):
		return {row.email: f"{row.first_name} {row.last_name}".strip() for row in self.rows()}

	def file_rows(self):
		"""Return the rows of the report's file, but its heading."""
		url = frappe.db.get_value("Target List", LIST, "import_file")
		file = frappe.get_doc("File", {"file_url": url})
		with open(file.get_full_path(), encoding="utf-8-sig", newline="") as stream:
			return list(csv.reader(stream))[1:]


class TestReading(FilesTest):
	def test_a_french_excel_file(self):
		shown = members.csv_columns(LIST, a_file(self, FRENCH))
		self.assertEqual(
			shown["layout"], {"encoding": "cp1252", "separator": "semicolon", "heading": 1, "sheet": ""}
		)
		cells = ["Zoé", "Cœur", address("p0001"), "non"]
		self.assertEqual(shown["lines"][1], {"line": 2, "cells": cells, "problem": ""})
		self.assertEqual([column["field"] for column in shown["columns"]][-1], "opted_out")
		self.assertEqual(self.load_as_shown(FRENCH)[0], report_of(joined=1, kept_out=1))
		self.assertEqual(self.names(), {address("p0001"): "Zoé Cœur"})

	def test_the_import_uses_what_was_shown_and_not_what_it_would_guess(self):
		content = "email;first name\np0001@sending.example;Jürgen\n".encode("cp850")
		shown = members.csv_columns(LIST, a_file(self, content), encoding="cp850")
		self.assertEqual(shown["columns"][1]["samples"], ("Jürgen",))
		self.load_as_shown(content, encoding="cp850")
		self.assertEqual(self.names(), {address("p0001"): "Jürgen"})

	def test_each_choice_changes_the_first_lines_and_the_columns(self):
		url = a_file(self, "My people\nemail;a,b\np0001@sending.example;1,2\n")
		self.assertEqual(members.csv_columns(LIST, url)["layout"]["heading"], 2)
		by_comma = members.csv_columns(LIST, url, separator="comma", heading=0)
		self.assertEqual(by_comma["lines"][1]["cells"], ["email;a", "b"])
		self.assertEqual([column["name"] for column in by_comma["columns"]], ["Column 1", "Column 2"])
		with self.assertRaisesRegex(frappe.ValidationError, "Line 77"):
			members.csv_columns(LIST, url, heading=77)

	def test_a_workbook(self):
		book = Workbook()
		for row in (["Contacts"], ["Email", "First Name"], [address("p0001"), "Ada"], ["nobody", "=1+1"]):
			book.active.append(row)
		content = io.BytesIO()
		book.save(content)
		self.assertEqual(self.load_as_shown(content.getvalue())[0], report_of(joined=1, left_out=1))
		self.assertEqual(self.names(), {address("p0001"): "Ada"})

	def test_a_quote_that_is_not_closed_costs_one_line(self):
		first, second, third = addresses(3)
		summary, line = self.load_as_shown(f'email,first name\n{first},"Jo\n{second},Ann\n{third},Bob\n')
		self.assertEqual(summary, report_of(joined=2, left_out=1))
		self.assertIn("Line 2", line)
		self.assertEqual(self.names(), {second: "Ann", third: "Bob"})


class TestOptOuts(FilesTest):
	def test_who_has_opted_out_does_not_join_and_gets_no_mail_any_more(self):
		out, stays = addresses(2)
		contact = a_contact(out)
		summary, line = self.load_as_shown(f"email,Email Opt Out\n{out},1\n{stays},0\n")
		self.assertEqual(summary, report_of(joined=1, kept_out=1))
		self.assertIn("“Email Opt Out”", line)
		self.assertEqual(self.members(), [stays])
		self.assertEqual(read_scope(out).everything, "Unsubscribed")
		self.assertIn(LIST, frappe.db.get_value("Suppressed Email", {"email": out}, "origin"))
		self.assertEqual(frappe.db.get_value("Contact", contact, "unsubscribed"), 1)
		self.assertEqual(read_scope(stays).everything, "")

	def test_each_opt_out_names_the_column_that_says_so(self):
		first, second = addresses(2)
		self.load_as_shown(f"email,Bounced,Email Opt Out\n{first},1,0\n{second},0,1\n")
		for email, column in ((first, "Bounced"), (second, "Email Opt Out")):
			self.assertIn(column, frappe.db.get_value("Suppressed Email", {"email": email}, "origin"))

	def test_a_member_is_opted_out_and_stays_on_the_list(self):
		a_list(*addresses(2))
		frappe.db.commit()
		self.load_as_shown(f"email,status\n{addresses(1)[0]},unsubscribed\n")
		self.assertEqual(self.members(), addresses(2))
		self.assertEqual(read_scope(addresses(1)[0]).everything, "Unsubscribed")

	def test_no_value_opts_anybody_in_again(self):
		content = "email,unsubscribed\n{0},{1}\n"
		self.load_as_shown(content.format(*addresses(1), "yes"))
		for value in ("no", "0", "false", "subscribed", ""):
			self.load_as_shown(content.format(*addresses(1), value))
			self.assertEqual(read_scope(addresses(1)[0]).everything, "Unsubscribed")

	def test_no_record_is_made_for_them(self):
		content = f"email,unsubscribed\n{addresses(2)[0]},1\n{addresses(2)[1]},0\n"
		report = self.load({"email": 0, "opted_out": 1}, "Contact", content)
		self.assertEqual(report[0], report_of(joined=1, kept_out=1) + " 1 records were made.")
		self.assertFalse(frappe.db.exists("Contact", {"email_id": addresses(2)[0]}))


class TestReport(FilesTest):
	def test_the_file_has_every_line_that_did_not_join_with_its_reason(self):
		there, lacking, new, out = addresses(4)
		self.load_as_shown(f"email,first name\n{there},Tea\n{lacking},\n")
		rows = [there, "=nobody", f"{lacking},Ada,Byron", new, f"{out},,,x", new, ""]
		report = self.load_as_shown("\n".join(["email,first name,last name,opt out", *rows]))
		self.assertEqual(report[0], report_of(joined=1, updated=1, there=1, kept_out=1, left_out=2))
		self.assertEqual(self.names()[lacking], "Ada Byron")
		self.assertEqual(
			[row[:3] for row in self.file_rows()],
			[
				["2", "Already There", there],
				["3", "Left Out", "'=nobody"],
				["4", "Updated", lacking],
				["6", "Kept Out", out],
				["7", "Left Out", new],
			],
		)
		self.assertTrue(all(row[3] for row in self.file_rows()))

	def test_names_that_a_member_has_are_not_written_over(self):
		email = addresses(1)[0]
		self.load_as_shown(f"email,first name,language\n{email},Ada,\n")
		report = self.load_as_shown(f"email,first name,last name,language\n{email},Bea,Byron,en\n")
		self.assertEqual(report[0], report_of(updated=1))
		self.assertEqual(self.names(), {email: "Ada"})
		self.assertEqual(self.load_as_shown(f"email,first name\n{email},Bea\n")[0], report_of(there=1))

	def test_a_forgotten_address_is_in_no_report_and_goes_from_former_ones(self):
		email, other = address("jo"), f"big.{address('jo')}"
		content = f"email\n{email}\n{other}\n{email}\nJo <{email}>; {other}\n"
		self.load_as_shown(content)
		self.load_as_shown(content)
		self.assertIn(email, str(self.file_rows()))
		erase_store.erase(email)
		frappe.db.commit()
		self.assertNotIn(f"'{email}'", str(self.file_rows()))
		self.assertIn(other, str(self.file_rows()))
		self.load_as_shown(content)
		text = str(self.file_rows()).replace(other, "") + self.report().replace(other, "")
		self.assertNotIn(email, text)

	def test_the_file_belongs_to_the_list(self):
		self.load_as_shown("email\nnobody\n")
		url = frappe.db.get_value("Target List", LIST, "import_file")
		file = frappe.db.get_value("File", {"file_url": url}, ["attached_to_name", "is_private"])
		self.assertEqual(file, (LIST, 1))
		self.load_as_shown(f"email\n{addresses(1)[0]}\n")
		self.assertFalse(frappe.db.get_value("Target List", LIST, "import_file"))


class TestManyLines(FilesTest):
	def test_a_hundred_thousand_lines_in_bounded_time_and_memory(self):
		many = 100_000
		lines = (f"q{n}@sending.example,Zoé,{n % 5 == 0}" for n in range(many))
		url = a_file(self, "email,first name,not mapped\n" + "\n".join(lines))
		for expected in (report_of(joined=many), report_of(there=many)):
			before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
			lists.import_members(LIST, url)
			seconds = time.monotonic() - began
			grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
			print(f"{many} lines in {seconds:.1f} s, {grown:.0f} MB more memory at the peak")
			self.assertEqual(self.report(), expected)
			self.assertLess(seconds, 200)
			self.assertLess(grown, 100)
