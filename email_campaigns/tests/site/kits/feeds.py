"""For tests of feeds: a list that is fed by filters or a report."""

import frappe

from email_campaigns.api.desk import target_list
from email_campaigns.tests.site.kits.builders import a_contact, a_list, addresses
from email_campaigns.tests.site.kits.queue import work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

LIST = "Sending Fed"
FILTERS = [["Contact", "company_name", "=", "Sending Ltd"]]
REPORT = "Sending Report"


class FeedTest(SendingTest):
	def setUp(self):
		self.addCleanup(self.forget_feeds)
		super().setUp()
		a_list(title=LIST)
		frappe.db.commit()

	def forget_feeds(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		frappe.db.delete("Target List Feed", {"parent": ["like", "Sending%"]})
		frappe.db.delete("Target List Change", {"target_list": ["like", "Sending%"]})
		frappe.db.sql("DELETE FROM `tabTarget List Feed Member`")
		frappe.db.delete("Report", {"name": ["like", "Sending%"]})
		frappe.db.delete("User Permission", {"user": ["like", "%@sending.example"]})
		frappe.db.commit()

	def contacts(self, number, **values):
		values = {"company_name": "Sending Ltd", **values}
		names = [a_contact(email, **values) for email in addresses(number)]
		frappe.db.commit()
		return names

	def a_feed(self, **values):
		values = {
			"title": "Customers",
			"kind": "Saved Filter",
			"record_type": "Contact",
			"filters": frappe.as_json(FILTERS),
			"schedule": "Daily",
			"no_longer_match": "Leave",
			**values,
		}
		doc = frappe.get_doc("Target List", LIST)
		row = doc.append("feeds", values)
		doc.save()
		frappe.db.commit()
		return row.name

	def a_report(self, kind="Report Builder", **values):
		values = {
			"report_name": REPORT,
			"ref_doctype": "Contact",
			"report_type": kind,
			"is_standard": "No",
			**values,
		}
		frappe.get_doc({"doctype": "Report", **values}).insert()
		frappe.db.commit()

	def fed_by_report(self, column, **values):
		return self.a_feed(kind="Report", report=REPORT, report_column=column, **values)

	def run_now(self, feed=""):
		target_list.run_feed(LIST, feed)
		frappe.db.commit()
		work_off()
		frappe.db.rollback()

	def members(self):
		frappe.db.rollback()
		return sorted(frappe.get_all("Target List Member", {"target_list": LIST}, pluck="email"))

	def state(self, feed):
		frappe.db.rollback()
		return frappe.db.get_value("Target List Feed", feed, ["status", "last_result"])

	def changes(self):
		rows = frappe.get_all(
			"Target List Change", {"target_list": LIST}, ["movement", "email"], order_by="name"
		)
		return [(row.movement, row.email) for row in rows]

	def no_longer(self, name):
		frappe.db.set_value("Contact", name, "company_name", "Sending Elsewhere")
		frappe.db.commit()
