"""The settings of what comes back, on a site that is upgraded."""

import frappe

from email_campaigns.patches import read_what_comes_back
from email_campaigns.settings import setting_number
from email_campaigns.tests.site.kits.builders import SETTINGS, settings
from email_campaigns.tests.site.kits.came_back import CameBackTest


class TestUpgrade(CameBackTest):
	def test_new_settings_get_their_defaults_and_others_stay(self):
		frappe.db.delete("Singles", {"doctype": SETTINGS, "field": ("in", read_what_comes_back.FIELDS)})
		settings(soft_bounces=7)
		read_what_comes_back.execute()
		settings()
		self.assertEqual(setting_number("soft_bounces"), 7)
		self.assertEqual(setting_number("hold_automatic_days"), 30)
		self.assertEqual(float(frappe.db.get_single_value(SETTINGS, "complaint_share")), 0.3)
		self.assertEqual(frappe.db.get_single_value(SETTINGS, "swallow_machine_mail"), 1)
