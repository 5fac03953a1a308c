"""Redis is emptied in mid-send, queues, jobs under way and cache: it holds no truth."""

import frappe
import redis

from email_campaigns.tests.site.kits.faults import FaultTest
from email_campaigns.tests.site.kits.sending_test import the_bench


class TestEmptiedRedis(FaultTest):
	def empty(self):
		"""Forget all that Redis holds of this site: other tests have databases of their own on the server."""
		redis.from_url(the_bench().redis_queue).flushdb()
		frappe.cache.delete_keys("")

	def test_nothing_is_lost_or_sent_twice(self):
		self.run_workers(self.JOBS + 2)
		name = self.begin()
		for _flush in range(3):
			self.send_some()
			self.empty()
			self.replace_jobs()
		self.wait_until(lambda: self.form(name).status == "Complete")
		self.assertEqual(self.statuses(name), {"Sent": len(self.members)})
		self.prove(name)
