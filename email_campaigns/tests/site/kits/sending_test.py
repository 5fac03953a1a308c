"""The base of tests that send: a mailing goes to a scripted mail server, and its jobs are worked off here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from email_campaigns.api.desk import approval
from email_campaigns.delivery.ledger import counts_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.channel import Timeouts
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import (
	PLAIN_SETTINGS,
	an_account,
	remove_account,
	restore_settings,
	settings,
	stored_settings,
	wipe,
)
from email_campaigns.tests.site.kits.queue import elsewhere, work_off
from email_campaigns.tests.support.bench_kit import TestBench
from email_campaigns.tests.support.smtp_server import ScriptedServer


def the_bench() -> TestBench:
	"""Return the bench, also where Frappe's own runner was started without naming it."""
	fallback = {"BENCH_SITE": frappe.local.site, "BENCH_SITES": os.getcwd(), "BENCH_URL": ""}
	fallback |= {"FRAPPE_REDIS_QUEUE": frappe.conf.redis_queue, "BENCH_SCREENSHOTS": ""}
	return TestBench({**fallback, **os.environ})


class SendingTest(FrappeTestCase):
	"""Starts each test with an empty ledger, plain settings, and `self.server`, which accepts all mail."""

	script: dict = {}

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		wipe()
		cls.addClassCleanup(remove_account)

	def setUp(self):
		super().setUp()
		self.addCleanup(wipe)
		self.addCleanup(restore_settings, stored_settings())
		settings(**PLAIN_SETTINGS)
		self.serve(self.script)

	def serve(self, script: dict | None = None, **options) -> ScriptedServer:
		"""Let the Email Account send by a server with this script."""
		self.server = ScriptedServer(script, **options).start()
		self.addCleanup(self.server.stop)
		an_account(self.server.port)
		frappe.db.commit()
		return self.server

	def impatient(self, seconds: float = 0.5) -> None:
		"""Give up sooner on a silent server."""
		for name in ("SENDING", "ATTENDED"):
			patience = patch.object(transport, name, Timeouts.every(seconds))
			patience.start()
			self.addCleanup(patience.stop)

	def at_mail(self, number: int, action: Callable[[], object]) -> None:
		"""Let something happen elsewhere, with a connection of its own, while the server takes this mail."""
		site, keep = frappe.local.site, self.server.keep

		def keep_meanwhile(mail):
			if len(self.server.messages) + 1 == number:
				elsewhere(site, action)
			return keep(mail)

		self.server.keep = keep_meanwhile

	def start(self, name: str) -> str:
		"""Start a mailing as the button “Send Now” does."""
		approval.submit(name)
		frappe.db.commit()
		return name

	def send(self, name: str) -> str:
		"""Start a mailing, and do all work that can be done now."""
		self.start(name)
		self.go_on()
		return name

	def go_on(self) -> None:
		"""Run the scheduler's tick, and work off the jobs before and after it."""
		work_off()
		sending.tick()
		work_off()

	def form(self, name: str):
		frappe.db.rollback()
		return frappe.get_doc("Mass Email", name)

	def ends(self, name: str) -> list[tuple[str, str, str]]:
		"""Return (address, status, reason) of each mail of a mailing."""
		frappe.db.rollback()
		rows = frappe.get_all("Campaign Message", {"source": name}, ["email", "status", "reason"])
		return [(row.email, row.status, row.reason) for row in rows]

	def ledger(self, name: str) -> dict[str, tuple[str, str]]:
		"""Return {address: (status, reason)} of a mailing in which each address occurs once."""
		return {email: (status, reason) for email, status, reason in self.ends(name)}

	def statuses(self, name: str) -> dict[str, int]:
		frappe.db.rollback()
		return counts_store.count_by_status(name)

	def received(self) -> list[str]:
		"""Return the recipients of all mails that the server took, sorted."""
		return sorted(recipient for mail in self.server.messages for recipient in mail.recipients)

	def due_again(self, name: str) -> None:
		"""Let the time pass that postponed mails wait."""
		frappe.db.sql("UPDATE `tabCampaign Message` SET send_after = 0 WHERE source = %s", name)
		frappe.db.commit()

	def end_hold(self) -> None:
		"""Let the time pass for which the account waits."""
		frappe.db.sql("UPDATE `tabSending Hold` SET held_epoch = 1 WHERE held_epoch > 0")
		frappe.db.commit()

	def end_leases(self, name: str) -> None:
		"""Let the time pass in which a dead worker might still come back."""
		frappe.db.sql(
			"UPDATE `tabCampaign Message` SET lease_until = 1 WHERE source = %s AND lease_until > 0", name
		)
		frappe.db.commit()

	def assertFiguresAgree(self, name: str) -> None:
		"""The figures of the form and the entries of the log are those of the ledger."""
		form, numbers = self.form(name), self.statuses(name)
		for kind, states in counts_store.COUNTS.items():
			counted = sum(numbers.get(status, 0) for status in states)
			self.assertEqual(form.get(f"{kind}_count"), counted, f"{kind} on the form; {numbers}")
		ends = self.ends(name)
		sent = sorted(email for email, status, _reason in ends if status == "Sent")
		actions = ("in", ("Sent", "CC Sent"))
		logged = frappe.get_all("Campaign Log", {"source": name, "action": actions}, pluck="email")
		self.assertEqual(sorted(logged), sent)
		for email, status, reason in ends:
			if status not in ("Queued", "Sending", "Sent"):
				self.assertTrue(reason, f"{email} is {status} without a reason")

	def assertNothingLost(self, name: str) -> None:
		"""Form, ledger, log and the server's mailbox agree, and nobody got two mails."""
		self.assertFiguresAgree(name)
		received = Counter(
			# A copy (CC) has the To of its mail, and somebody may be copied from mails to several people.
			(recipient, mail.parsed["To"])
			for mail in self.server.messages
			for recipient in mail.recipients
		)
		self.assertEqual([key for key, n in received.items() if n > 1], [])
		sent = {email for email, status, _reason in self.ends(name) if status == "Sent"}
		self.assertLessEqual(sent, {recipient for recipient, _to in received})

	def assertSentTo(self, name: str, emails: list[str]) -> None:
		self.assertEqual(self.received(), sorted(emails))
		self.assertNothingLost(name)
