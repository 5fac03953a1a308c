"""A worker is killed during an A/B test: in the freeze, at the choice, after it; nobody is mailed twice."""

import time
from unittest.mock import patch

import frappe

from email_campaigns.jobs import ab_winner, sending
from email_campaigns.mass_mailing import ab_winner_store
from email_campaigns.tests.site.kits.ab_kit import HOUR, ABTest
from email_campaigns.tests.site.kits.queue import empty_queues
from email_campaigns.tests.site.kits.workers import kill_in_the_middle

# Freezes, then releases, a slice at a time in a process of its own, which never gets beyond the first one.
CHILD = """
import sys, time
import frappe
frappe.init(site=sys.argv[1]); frappe.connect()
from email_campaigns.audience.lists import members_store
from email_campaigns.jobs import ab_winner, sending
from email_campaigns.mass_mailing import ab_winner_store, freeze_store
members_store.read_slice.__defaults__ = (7,)
ab_winner_store.SLICE = 7
def slowly(whole, limit=[0]):
	def call(*arguments):
		limit[0] += 1
		done = whole(*arguments)
		if limit[0] == 2:
			print("in the middle", flush=True)
			time.sleep(60)
		return done
	return call
freeze_store.freeze_next = slowly(freeze_store.freeze_next)
ab_winner_store.release_rest = slowly(ab_winner_store.release_rest, [0])
{"freeze": sending.freeze, "release": ab_winner.release_rest}[sys.argv[2]](sys.argv[3])
"""


class TestKilled(ABTest):
	def kill_in(self, job: str, name: str) -> None:
		"""Let a job be killed after its second slice, which it has not committed."""
		frappe.db.commit()
		kill_in_the_middle(CHILD, job, name)

	def test_in_mid_freeze_everybody_gets_the_version_that_was_drawn(self):
		whole = self.send(self.mailing(winner_by="By hand"))
		drawn = self.versions(whole)
		self.serve()
		name = self.start(self.mailing(winner_by="By hand"))
		sending.tick()
		empty_queues()
		self.kill_in("freeze", name)
		self.assertEqual(sum(self.statuses(name).values()), 7, "one slice is durable")
		self.go_on()
		self.assertEqual(self.versions(name), drawn)
		ab_winner_store.choose_winner(name, "B", "", int(time.time()))
		frappe.db.commit()
		self.go_on()
		self.assertAllGot(name, "B")

	def test_after_the_choice_the_rest_is_released_all_the_same(self):
		name = self.send(self.mailing(winner_by="By hand"))
		waiting = len(self.versions(name)["Rest"])
		self.assertTrue(ab_winner_store.choose_winner(name, "B", "", int(time.time())))
		self.kill_in("release", name)
		self.assertEqual(ab_winner_store.count_waiting(name), waiting - 7, "one slice is durable")
		self.go_on()
		self.assertAllGot(name, "B")

	def test_between_figures_and_choice_nothing_is_chosen(self):
		name = self.send(self.mailing())
		kill = patch.object(ab_winner_store, "choose_winner", side_effect=KeyboardInterrupt)
		with kill, self.assertRaises(KeyboardInterrupt):
			ab_winner.choose_winners(int(time.time()) + 5 * HOUR)
		frappe.db.rollback()
		self.assertFalse(self.form(name).ab_winner)
		self.hours_pass(5)
		self.assertAllGot(name, "A")
