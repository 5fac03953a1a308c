"""Whoever forgets an address keeps nobody waiting: neither mailings nor documents of other people."""

import frappe

from email_campaigns.audience.suppression import erase_store
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.sending_test import SendingTest


class TestForgetting(SendingTest):
	def test_waits_for_no_other_document(self):
		a_list(*addresses(2))
		name = a_mailing("Sending List")
		version = frappe.get_doc(
			{"doctype": "Version", "ref_doctype": "Mass Email", "docname": name, "data": "{}"}
		)
		version.insert(ignore_permissions=True)
		frappe.db.commit()
		with OtherConnection() as other:
			self.assertEqual(other.hold("Mass Email", "name = %s", name), 1)
			self.assertEqual(other.hold("Version", "name = %s", version.name), 1)
			hasty()
			self.assertEqual(erase_store.erase(addresses(1)[0])["members"], 1)
