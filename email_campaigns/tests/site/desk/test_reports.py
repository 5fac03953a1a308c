"""The reports of results run, filter and export; the workspace's cards and charts show figures."""

import csv
import io
import json

import frappe
from frappe.desk import query_report
from frappe.desk.doctype.dashboard_chart.dashboard_chart import get as chart_data
from frappe.desk.doctype.number_card.number_card import get_result
from frappe.utils import add_days, nowdate

from email_campaigns.results.breakdown_store import has_links
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, a_user, addresses
from email_campaigns.tests.site.kits.results_kit import ResultsTest, clicked_link, happens

REPORTS = ("Campaign Results", "Link Clicks", "Unsubscribes", "Bounces")
TEN = addresses(10)


class TestReports(ResultsTest):
	def setUp(self):
		super().setUp()
		self.mailing = self.send(a_mailing(a_list(*TEN)))
		mails = self.mails(self.mailing)
		for email in TEN[:4]:
			happens(mails[email], "opened")
		for email, kind in zip(TEN, ("clicked", "unsubscribed", "bounced"), strict=False):
			happens(mails[email], kind)
		if has_links():
			clicked_link(self.mailing, "L1")

	def run_report(self, name, **filters):
		return query_report.run(name, filters={"mass_email": self.mailing, **filters})

	def test_each_runs_for_campaign_users(self):
		frappe.set_user(a_user("clerk", "Campaign User"))
		for name in REPORTS:
			self.assertTrue(self.run_report(name)["columns"], name)

	def test_none_runs_for_others(self):
		frappe.set_user(a_user("stranger"))
		for name in REPORTS:
			self.assertRaises(frappe.PermissionError, self.run_report, name)

	def test_results_have_counts_and_rates(self):
		(row,) = self.run_report("Campaign Results")["result"]
		self.assertEqual((row["sent"], row["delivered"], row["opened"], row["bounced"]), (10, 9, 4, 1))
		self.assertEqual((row["open_rate"], row["bounce_rate"]), (44.44, 10.0))

	def test_unsubscribes_and_bounces_are_listed(self):
		for name, email in (("Unsubscribes", TEN[1]), ("Bounces", TEN[2])):
			(row,) = self.run_report(name)["result"]
			self.assertEqual((row["email"], row["mass_email"]), (email, self.mailing))

	def test_links_are_listed_where_the_site_has_them(self):
		rows = self.run_report("Link Clicks")["result"]
		self.assertEqual([(row["link"], row["people"]) for row in rows], [("L1", 1)] if has_links() else [])

	def test_dates_and_campaigns_narrow_them(self):
		for name in ("Campaign Results", "Unsubscribes", "Bounces"):
			today = self.run_report(name, from_date=nowdate(), to_date=nowdate())["result"]
			later = self.run_report(name, from_date=add_days(nowdate(), 1))["result"]
			other = self.run_report(name, campaign="no such campaign")["result"]
			self.assertEqual((len(today), later, other), (1, [], []), name)

	def test_they_leave_as_csv_and_excel(self):
		for name in REPORTS:
			for kind in ("CSV", "Excel"):
				frappe.local.form_dict = frappe._dict(
					report_name=name,
					file_format_type=kind,
					filters=json.dumps({"mass_email": self.mailing}),
					visible_idx="[0]",
				)
				query_report.export_query()
				content = frappe.response["filecontent"]
				self.assertTrue(content, (name, kind))
				if kind == "CSV":
					text = content.decode() if isinstance(content, bytes) else content
					rows = list(csv.reader(io.StringIO(text)))
					self.assertEqual(len(rows) > 1, name != "Link Clicks" or has_links(), name)


class TestWorkspace(ResultsTest):
	def fixtures(self, doctype):
		return frappe.get_all(doctype, {"module": "Email Campaigns", "is_standard": 1}, pluck="name")

	def test_every_card_shows_a_number(self):
		name = self.send(a_mailing(a_list(*TEN)))
		happens(self.mails(name)[TEN[0]], "opened")
		cards = self.fixtures("Number Card")
		self.assertEqual(len(cards), 4)
		for card in cards:
			doc = frappe.get_doc("Number Card", card)
			answer = (
				frappe.get_attr(doc.method)() if doc.type == "Custom" else get_result(doc, doc.filters_json)
			)
			self.assertIsNotNone(answer["value"] if doc.type == "Custom" else answer)

	def test_every_chart_has_data(self):
		name = self.send(a_mailing(a_list(*TEN)))
		happens(self.mails(name)[TEN[0]], "opened")
		charts = self.fixtures("Dashboard Chart")
		self.assertEqual(len(charts), 3)
		for chart in charts:
			doc = frappe.get_doc("Dashboard Chart", chart)
			if doc.chart_type == "Report":
				self.assertTrue(query_report.run(doc.report_name, filters={})["chart"])
			else:
				self.assertTrue(chart_data(chart_name=chart, refresh=1)["datasets"], chart)

	def test_the_workspace_names_nothing_that_is_not_there(self):
		doc = frappe.get_doc("Workspace", "Email Campaigns")
		blocks = json.loads(doc.content)
		self.assertEqual(
			{row.number_card_name for row in doc.number_cards}, set(self.fixtures("Number Card"))
		)
		self.assertEqual({row.chart_name for row in doc.charts}, set(self.fixtures("Dashboard Chart")))
		shown = {
			block["data"].get("number_card_name") or block["data"].get("chart_name") for block in blocks
		} - {None}
		self.assertEqual(shown, {row.label for row in [*doc.number_cards, *doc.charts]})
		reports = {row.link_to for row in doc.links if row.link_type == "Report"}
		self.assertEqual(reports, set(frappe.get_all("Report", {"module": "Email Campaigns"}, pluck="name")))
