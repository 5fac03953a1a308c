"""A large mailing is cancelled at once, and its mails end slice by slice."""

from unittest.mock import patch

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.jobs import endings, sending
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, settings
from email_campaigns.tests.site.kits.other_connection import OtherConnection, hasty
from email_campaigns.tests.site.kits.queue import empty_queues, waiting_jobs, work_off
from email_campaigns.tests.site.kits.sending_test import SendingTest

MAILS, SLICE = 3000, 400


class TestCancelInSlices(SendingTest):
	def setUp(self):
		super().setUp()
		slices = patch.object(endings, "ENDED_AT_ONCE", SLICE)
		slices.start()
		self.addCleanup(slices.stop)
		a_list(*addresses(MAILS))
		self.name = self.start(a_mailing("Sending List"))
		sending.tick()
		sending.freeze(self.name)
		empty_queues()

	def cancel(self):
		mass_email.cancel(self.name, "Wrong price")
		frappe.db.commit()

	def test_the_request_ends_a_slice_and_the_job_the_rest(self):
		self.cancel()
		form = self.form(self.name)
		self.assertEqual((form.status, form.cancelled_count), ("Cancelled", SLICE))
		self.assertEqual(waiting_jobs(), [f"ec-cancel-{self.name}"])
		work_off()
		self.assertEqual(self.statuses(self.name), {"Cancelled": MAILS})
		self.assertEqual(self.ends(self.name)[MAILS - 1][2], "Cancelled: Wrong price")
		self.assertNothingLost(self.name)

	def test_nothing_leaves_before_the_rest_has_ended(self):
		self.cancel()
		sending.send_batch(self.name)
		self.assertEqual(self.received(), [])

	def test_the_figures_move_with_each_slice(self):
		self.cancel()
		self.assertTrue(endings.cancel_next(self.name))
		frappe.db.commit()
		state = mass_email.progress(self.name)
		self.assertEqual(state["by_status"], {"Cancelled": 2 * SLICE, "Queued": MAILS - 2 * SLICE})
		self.assertEqual(self.form(self.name).cancelled_count, 2 * SLICE)

	def test_the_tick_goes_on_after_a_restart(self):
		self.cancel()
		empty_queues()  # Redis was emptied, or the worker died
		self.go_on()
		self.assertEqual(self.statuses(self.name), {"Cancelled": MAILS})
		self.assertNothingLost(self.name)

	def test_a_mail_that_was_leaving_ends_too(self):
		"""The server answers “try again later” after the cancellation: the mail is Queued again."""
		self.cancel()
		work_off()
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET status = 'Queued', reason = '' WHERE source = %s LIMIT 1",
			self.name,
		)
		frappe.db.commit()
		self.go_on()
		self.assertEqual(self.statuses(self.name), {"Cancelled": MAILS})
		self.assertNothingLost(self.name)

	def test_waits_for_no_mail_of_a_batch(self):
		claimed = frappe.db.get_value("Campaign Message", {"source": self.name}, "name", order_by="name")
		frappe.db.set_value("Campaign Message", claimed, "claim", "other", update_modified=False)
		frappe.db.commit()
		with OtherConnection() as other:
			other.hold("Campaign Message", "name = %s", claimed)
			hasty()
			self.cancel()
		self.assertEqual(self.form(self.name).status, "Cancelled")


class TestExpireInSlices(SendingTest):
	def test_each_slice_is_durable(self):
		a_list(*addresses(1000))
		settings(hourly_limit=10)
		name = self.start(a_mailing("Sending List"))
		sending.tick()
		sending.freeze(name)
		frappe.db.set_value("Mass Email", name, "deadline_epoch", 1)
		frappe.db.commit()
		with (
			patch.object(endings, "ENDED_AT_ONCE", SLICE),
			patch.object(counts_store, "add_to_counts", wraps=counts_store.add_to_counts) as counted,
		):
			sending.top_up()
		self.assertEqual([call.kwargs["failed"] for call in counted.call_args_list], [400, 400, 200])
		self.assertEqual(self.statuses(name), {"Expired": 1000})
		self.assertNothingLost(name)
