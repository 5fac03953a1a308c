"""The settings of the database are read from the server, by any user, and shown where they matter."""

import os
from unittest import skipUnless

import frappe
import pymysql

from email_campaigns.api.desk import approval
from email_campaigns.delivery.ledger.durability_store import read_durability_problems
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.sending_test import SendingTest

VARIABLE = "innodb_flush_log_at_trx_commit"
PASSWORD = "BENCH_DB_ROOT_PASSWORD"


@skipUnless(os.environ.get(PASSWORD), f"sets a variable of the server: needs {PASSWORD}, as in dev/bench")
class TestDurability(SendingTest):
	def setUp(self):
		super().setUp()
		(before,) = self.as_root(f"SELECT @@GLOBAL.{VARIABLE}")
		self.addCleanup(self.set_flush, before)
		self.set_flush(1)

	def as_root(self, statement, *values):
		root = pymysql.connect(
			host=frappe.conf.db_host,
			port=int(frappe.conf.db_port),
			user="root",
			password=os.environ[PASSWORD],
		)
		with root, root.cursor() as cursor:
			cursor.execute(statement, values)
			return cursor.fetchone()

	def set_flush(self, value):
		self.as_root(f"SET GLOBAL {VARIABLE} = %s", value)

	def findings(self, level):
		a_list(*addresses(1))
		findings = approval.prepare(a_mailing("Sending List"))["findings"]
		return " ".join(finding["text"] for finding in findings if finding["level"] == level)

	def form(self):
		doc = frappe.get_doc("Email Campaign Settings")
		doc.run_method("onload")
		return doc.get("__onload").durability

	def test_of_a_safe_server(self):
		self.assertEqual((read_durability_problems(), self.form()), ([], []))
		self.assertIn("The database keeps what has left", self.findings("ok"))

	def test_a_risk_is_on_the_settings_form_and_the_check_list(self):
		self.set_flush(0)
		(text,) = self.form()
		self.assertIn(f"{VARIABLE} = 1", text)
		self.assertIn(text, self.findings("warning"))
