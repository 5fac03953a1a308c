"""Every request and every job may change rows that another connection has changed since it first read them.

MariaDB since 11.6.2 refuses that by default (error 1020); the bench's server is set so where it can be.
"""

from threading import Thread

import frappe
from frappe.utils.background_jobs import execute_job

from email_campaigns.audience.suppression.suppression import record_name
from email_campaigns.audience.suppression.suppression_store import suppress
from email_campaigns.tests.site.kits.builders import a_user
from email_campaigns.tests.site.kits.other_connection import OtherConnection, wait_for
from email_campaigns.tests.site.kits.recipient import JO, UnsubscribeTest
from email_campaigns.tests.site.kits.visitor import Visitor

WISH = {"doctype": "Email Unsubscribe", "email": JO, "global_unsubscribe": 1}


class TestLatestRows(UnsubscribeTest):
	"""A hook of the app writes a suppression that another connection changes at the same moment."""

	def setUp(self):
		super().setUp()
		suppress(JO, reason="Unsubscribed", origin="before")
		frappe.db.delete("Email Unsubscribe", {"email": JO})
		frappe.db.commit()

	def change_meanwhile(self, other):
		other.run("UPDATE `tabSuppressed Email` SET origin = 'changed' WHERE name = %s", record_name(JO))

	def assertWishHolds(self):
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("Email Unsubscribe", {"email": JO}), 1)

	def test_a_request_for_a_document_of_the_framework(self):
		headers = {"Authorization": f"token {a_key('keeper')}"}
		self.addCleanup(frappe.db.delete, "User", {"name": ["like", "keeper@%"]})
		visitor = Visitor()
		with OtherConnection() as other:
			self.change_meanwhile(other)
			answer = visitor.begin(
				"/api/resource/Email Unsubscribe", method="POST", json=WISH, headers=headers
			)
			wait_for("INSERT INTO `tabSuppressed Email`")
			other.connection.commit()
		self.assertEqual(answer().status_code, 200)
		self.assertWishHolds()

	def test_a_job_of_another_app(self):
		job = (frappe.local.site, "frappe.client.insert", None, "insert", {"doc": WISH})
		worker = Thread(target=execute_job, args=job, kwargs={"user": "Administrator"})
		with OtherConnection() as other:
			self.change_meanwhile(other)
			worker.start()
			wait_for("INSERT INTO `tabSuppressed Email`")
			other.connection.commit()
			worker.join(60)
		self.assertWishHolds()


def a_key(name):
	"""Make a user of the API and return "key:secret"; durable."""
	user = frappe.get_doc("User", a_user(name, "System Manager"))
	user.update({"api_key": frappe.generate_hash(length=15), "api_secret": "secret"})
	user.save(ignore_permissions=True)
	frappe.db.commit()
	return f"{user.api_key}:secret"
