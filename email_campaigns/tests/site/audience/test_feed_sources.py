"""Reports as feeds, and the faults of feeds."""

import frappe

from email_campaigns.api.desk import target_list
from email_campaigns.tests.site.kits.builders import a_contact, a_user, address, addresses
from email_campaigns.tests.site.kits.feeds import FILTERS, REPORT, FeedTest


class TestReports(FeedTest):
	def test_a_report_builder_report_by_its_id(self):
		self.contacts(2)
		self.a_report(
			json=frappe.as_json({"filters": FILTERS, "fields": [["name", "Contact"], ["city", "Contact"]]})
		)
		self.assertEqual(target_list.feed_columns(REPORT)[0]["doctype"], "Contact")
		self.fed_by_report("name")
		self.run_now()
		self.assertEqual(self.members(), addresses(2))

	def test_a_query_report_by_a_link_and_by_its_addresses(self):
		self.contacts(2)
		query = (
			"SELECT name AS 'Contact:Link/Contact:200', email_id AS 'Mail:Data:200'"
			" FROM tabContact WHERE company_name = 'Sending Ltd'"
		)
		self.a_report("Query Report", query=query)
		columns = target_list.feed_columns(REPORT)
		self.assertEqual(
			[(row["fieldname"], row["doctype"]) for row in columns], [("contact", "Contact"), ("mail", "")]
		)
		self.fed_by_report("contact")
		self.run_now()
		self.assertEqual(self.members(), addresses(2))
		self.fed_by_report("mail", title="Addresses")
		self.run_now()
		self.assertEqual(self.members(), sorted(addresses(2) * 2))

	def test_a_script_report_with_a_filter_and_a_row_of_totals(self):
		self.contacts(2)
		self.a_report("Script Report", add_total_row=1, report_script="")
		doc = frappe.get_doc("Report", REPORT)
		self.addCleanup(setattr, type(doc), "execute_script", type(doc).execute_script)
		type(doc).execute_script = lambda self, filters: (
			[
				{"fieldname": "who", "label": "Who", "fieldtype": "Link", "options": "Contact"},
				{"fieldname": "number", "label": "Number", "fieldtype": "Int"},
			],
			frappe.get_all("Contact", dict(filters), ["name as who", "idx as number"]),
		)
		self.fed_by_report("who", report_filters='{"company_name": "Sending Ltd"}')
		self.run_now()
		self.assertEqual(self.members(), addresses(2))

	def test_values_that_are_no_addresses(self):
		self.contacts(1)
		self.a_report(json=frappe.as_json({"filters": FILTERS, "fields": [["designation", "Contact"]]}))
		feed = self.fed_by_report("designation")
		self.run_now()
		status, result = self.state(feed)
		self.assertEqual(status, "Failed")
		self.assertIn("holds no email address. The first value is “Sending”", result)


class TestFaults(FeedTest):
	"""Each says so in a sentence, changes nothing and stops no other feed."""

	def setUp(self):
		super().setUp()
		self.contacts(2)
		self.a_report(json=frappe.as_json({"filters": FILTERS, "fields": [["name", "Contact"]]}))
		self.feed = self.fed_by_report("name")
		self.run_now()
		self.assertEqual(self.members(), addresses(2))

	def fails(self, *words):
		a_contact(address("zoe"), company_name="Sending Other")
		self.a_feed(title="Other", filters='[["Contact", "company_name", "=", "Sending Other"]]')
		self.run_now()
		status, result = self.state(self.feed)
		self.assertEqual(status, "Failed", result)
		for word in (*words, "Nothing was changed."):
			self.assertIn(word, result)
		self.assertEqual(self.members(), [*addresses(2), address("zoe")])

	def test_the_report_is_deleted(self):
		frappe.delete_doc("Report", REPORT, force=True)
		self.fails(REPORT, "does not exist")

	def test_the_report_is_disabled(self):
		frappe.db.set_value("Report", REPORT, "disabled", 1)
		self.fails("is disabled")

	def test_the_column_is_gone(self):
		fields = frappe.as_json({"filters": FILTERS, "fields": [["designation", "Contact"]]})
		frappe.db.set_value("Report", REPORT, "json", fields)
		self.fails("no column “name”")

	def test_the_report_stops_with_an_error(self):
		frappe.db.set_value(
			"Report", REPORT, {"report_type": "Query Report", "query": "SELECT nothing FROM nowhere"}
		)
		self.fails("stopped with an error")

	def test_the_filter_is_about_a_field_that_is_gone(self):
		gone = frappe.as_json([["Contact", "no_such_field", "=", 1]])
		values = {"kind": "Saved Filter", "record_type": "Contact", "filters": gone}
		frappe.db.set_value("Target List Feed", self.feed, values)
		self.fails("the field “no_such_field”, which Contact has no longer")

	def test_the_user_is_disabled(self):
		user = a_user("former", "System Manager")
		frappe.db.set_value("User", user, "enabled", 0)
		frappe.db.set_value("Target List Feed", self.feed, "run_as", user)
		self.fails(user, "disabled or gone")

	def test_what_can_not_work_is_refused_when_it_is_saved(self):
		for wrong, words in (
			({"record_type": "Role"}, "is not a recipient source"),
			({"filters": "[["}, "can't be read"),
			({"filters": "[" * 5000}, "can't be read"),
			({"filters": '[["Contact", "creation", "between", ["x"]]]'}, "may not use the filter"),
			({"filters": '[["User", "api_key", "like", "a%"]]'}, "may not use the filter"),
			({"filters": '{"name": "x"}'}, "can't be read"),
			({"filters": '[["Contact", "no_such_field", "=", 1]]'}, "no_such_field"),
			({"kind": "Report", "report": REPORT}, "Choose the column"),
		):
			with self.subTest(wrong=wrong), self.assertRaisesRegex(frappe.ValidationError, words):
				self.a_feed(**wrong)
			frappe.db.rollback()
