"""Numbers of the settings have bounds: a form refuses others, and what is stored otherwise is not used."""

import frappe

from email_campaigns import bounds
from email_campaigns.settings import latest_number, setting_number
from email_campaigns.tests.site.kits.builders import SETTINGS, settings
from email_campaigns.tests.site.kits.sending_test import SendingTest


class TestBounds(SendingTest):
	def refuses(self, words, **values):
		doc = frappe.get_doc(SETTINGS)
		doc.update(values)
		with self.assertRaisesRegex(frappe.ValidationError, words):
			doc.save()
		frappe.db.rollback()

	def test_a_form_refuses_what_is_out_of_bounds(self):
		for field, (least, greatest) in bounds.SETTINGS.items():
			for value in (least - 1, greatest + 1):
				with self.subTest(field=field, value=value):
					self.refuses(f"{least}|[Nn]egative", **{field: value})

	def test_it_takes_the_bounds_themselves(self):
		for end in (0, 1):
			doc = frappe.get_doc(SETTINGS)
			doc.update({field: ends[end] for field, ends in bounds.SETTINGS.items()})
			doc.save()
			frappe.db.rollback()

	def test_it_refuses_rates_of_domains_at_which_nothing_leaves(self):
		for domain, rate, words in (
			("gmail.com", 0, "no mail would ever leave"),
			("gmail.com", bounds.MOST_PER_HOUR + 1, "can be up to"),
			("gmail", 5, "is not a domain"),
		):
			with self.subTest(domain=domain, rate=rate):
				self.refuses(words, domain_rates=[{"domain": domain, "hourly_rate": rate}])

	def test_stored_numbers_out_of_bounds_are_not_used(self):
		for field, stored, used in (
			("batch_size", 10**7, 5000),
			("batch_size", 0, 1),
			("parallel_jobs", 1000, 50),
			("sessions_per_job", -3, 1),
			("hourly_limit", 2 * bounds.MOST_PER_HOUR, bounds.MOST_PER_HOUR),
		):
			with self.subTest(field=field, stored=stored):
				settings(**{field: stored})
				self.assertEqual((setting_number(field), latest_number(field)), (used, used))
