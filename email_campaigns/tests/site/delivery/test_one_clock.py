"""A worker's own clock may be wrong, or step: leases, limits, starts and times of sending do not notice."""

import time
from contextlib import contextmanager
from unittest.mock import patch

import frappe

from email_campaigns.delivery.ledger import claims_store
from email_campaigns.jobs import sending
from email_campaigns.site_time import database_clock, database_epoch, site_now, site_time
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, settings, starts
from email_campaigns.tests.site.kits.sending_test import SendingTest

TEN = addresses(10)
TEN_MINUTES, HOUR = 600, 3600


@contextmanager
def wrong_clock(seconds):
	"""Let the clock of this process be wrong by so many seconds."""
	real = time.time
	with patch("time.time", lambda: real() + seconds):
		yield


class TestWrongClock(SendingTest):
	def setUp(self):
		super().setUp()
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		frappe.db.commit()

	def test_times_of_sending_and_leases_are_the_databases(self):
		for seconds in (-HOUR, -TEN_MINUTES, TEN_MINUTES, HOUR):
			with self.subTest(seconds=seconds):
				self.serve()
				name, began, leases = a_mailing(a_list(*TEN)), database_epoch(), []
				self.at_mail(1, lambda name=name, leases=leases: leases.extend(read("lease_until", name)))
				with wrong_clock(seconds):
					self.send(name)
				ended = database_epoch()
				self.assertSentTo(name, TEN)
				for epoch in read("sent_epoch", name):
					self.assertTrue(began <= epoch <= ended + 1, (began, epoch, ended))
				for lease in leases:
					self.assertTrue(began <= lease - claims_store.LEASE <= ended, (began, lease, ended))
				form = self.form(name)
				for moment in (form.started_on, form.completed_on):
					self.assertTrue(site_time(began) <= moment <= site_time(ended + 1), moment)

	def test_a_step_of_an_hour_opens_no_new_hour(self):
		settings(hourly_limit=4)
		name = self.send(a_mailing(a_list(*TEN)))
		for seconds in (HOUR + 5, -HOUR - 5):
			with wrong_clock(seconds):
				self.go_on()
		self.assertEqual(self.statuses(name), {"Sent": 4, "Queued": 6})

	def test_a_living_lease_is_not_taken_back(self):
		name = self.start(a_mailing(a_list(*TEN)))
		sending.tick()
		sending.freeze(name)
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET claim = 'other', lease_until = %s WHERE source = %s",
			(database_epoch() + claims_store.LEASE, name),
		)
		frappe.db.commit()
		with wrong_clock(2 * HOUR):
			self.go_on()
		self.assertEqual(read("claim", name), ["other"] * 10)

	def test_nothing_starts_early(self):
		name = self.start(a_mailing(a_list(*TEN)))
		frappe.db.set_value("Mass Email", name, "status", "Pending")
		starts(name, TEN_MINUTES)
		with wrong_clock(HOUR):
			self.go_on()
		self.assertEqual((self.form(name).status, self.received()), ("Pending", []))

	def test_nothing_expires_early(self):
		name = self.start(a_mailing(a_list(*TEN)))
		sending.tick()
		sending.freeze(name)
		frappe.db.set_value("Mass Email", name, "deadline_epoch", database_epoch() + TEN_MINUTES)
		frappe.db.commit()
		with wrong_clock(HOUR):
			self.go_on()
		self.assertSentTo(name, TEN)


class TestClock(SendingTest):
	def test_it_agrees_with_the_database(self):
		with wrong_clock(HOUR):
			clock = database_clock()
			before, now, after = database_epoch(), clock(), database_epoch()
			self.assertTrue(before - 0.1 <= now <= after + 1.1, (before, now, after))
			self.assertLess(abs((site_now() - site_time(now)).total_seconds()), 5)


def read(field, name):
	frappe.db.rollback()
	return frappe.get_all("Campaign Message", {"source": name}, pluck=field)
