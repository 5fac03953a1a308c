"""The clocks of workers step, and differ: the limits hold, and nothing leaves twice."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import frappe

from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import settings
from email_campaigns.tests.site.kits.faults import MAILS, FaultTest

HOUR = 3600
WAVES = 3
LIMIT = MAILS // WAVES


class TestWrongClocks(FaultTest):
	def setUp(self):
		library = os.environ.get("BENCH_FAKETIME")
		if not library:
			self.skipTest("libfaketime is missing: run dev/bench test site")
		super().setUp()
		folder = TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder, self.library = Path(folder.name), library
		settings(hourly_limit=LIMIT)
		# Other mails of the site count too.
		frappe.db.sql("UPDATE `tabCampaign Message` SET sent_epoch = 0, lease_until = 0")
		frappe.db.commit()

	def run_workers_with_clock(self, number, seconds):
		"""Start workers whose clock is `seconds` fast; return a function that sets it anew."""
		file = self.folder / f"clock{len(self.workers)}"

		def set_clock(seconds):
			file.with_suffix(".new").write_text(f"{seconds:+}\n")
			file.with_suffix(".new").rename(file)

		set_clock(seconds)
		clock = {"FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1"}
		self.run_workers(number, LD_PRELOAD=self.library, FAKETIME_DONT_FAKE_MONOTONIC="1", **clock)
		return set_clock

	def tick(self):
		"""Let a worker do what the scheduler does, by its own clock."""
		frappe.enqueue(sending.tick, queue="short")

	def assertWaves(self, name, meanwhile):
		"""So many hours pass; in each, as many mails leave as may, whatever happens `meanwhile`."""
		for wave in range(1, WAVES + 1):
			self.tick()
			self.record.wait_for(LIMIT * (wave - 1) + self.random.randint(1, LIMIT // 2))
			meanwhile()
			self.assertFull(wave)
			self.pass_time(name, HOUR // 2)
			self.assertFull(wave)
			self.pass_time(name, HOUR // 2 + 1)

	def assertFull(self, wave):
		"""By the server's record the hour is full, and nothing more leaves."""
		self.tick()
		self.wait_for_idle_workers()
		self.assertEqual(len(self.record.mails), LIMIT * wave)
		self.assertEqual(self.record.most_within(HOUR), LIMIT)

	def test_that_step_by_an_hour(self):
		set_clock = self.run_workers_with_clock(self.JOBS, 0)
		name = self.begin()
		steps = iter((HOUR, -HOUR, HOUR))
		self.assertWaves(name, lambda: (set_clock(next(steps)), self.tick()))
		self.end(name)

	def test_that_differ_by_ten_minutes(self):
		self.run_workers_with_clock(1, 300)
		self.run_workers_with_clock(1, -300)
		name = self.begin()
		self.assertWaves(name, self.tick)
		self.end(name)

	def end(self, name):
		self.tick()
		self.wait_until(lambda: self.form(name).status == "Complete")
		self.wait_for_idle_workers()
		self.assertEqual(self.statuses(name), {"Sent": MAILS})
		self.prove(name)
