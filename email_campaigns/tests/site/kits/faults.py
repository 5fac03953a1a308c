"""The base of fault runs: real workers send, something breaks, time passes, and the server's record judges.

The moments of the faults are drawn from FAULTS_SEED (1) and the test's name; FAULTS_MAILS (300) is the size
of a mailing. `dev/bench faults` sets both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from tempfile import gettempdir

import frappe

from email_campaigns.api.desk import mass_email
from email_campaigns.jobs import sending
from email_campaigns.tests.site.kits.builders import a_list, a_mailing, addresses, settings
from email_campaigns.tests.site.kits.queue import empty_queues, forget_dead_jobs, running_jobs, waiting_jobs
from email_campaigns.tests.site.kits.sending_test import SendingTest, the_bench
from email_campaigns.tests.site.kits.sink_record import SinkRecord
from email_campaigns.tests.site.kits.workers import Worker
from email_campaigns.tests.support.smtp_server import ScriptedServer, Slow

SEED = os.environ.get("FAULTS_SEED", "1")
MAILS = int(os.environ.get("FAULTS_MAILS", "300"))
LOOKS_UNTIL_IDLE = 10  # in a row, a twentieth of a second apart
PLANNED = 2**40  # send_after above it is no time but a state, as of copies


class FaultTest(SendingTest):
	"""Sends one mailing to `self.members` by workers, JOBS at a time with SESSIONS each.

	`self.record` holds the mails that any of the test's servers took, `self.random` draws, and
	`self.doubts` is the number of mails that the faults so far may have put in doubt.
	"""

	JOBS, SESSIONS, BATCH = 2, 2, 20
	script = {"content": Slow(0.05)}  # most of the time a mail waits for its answer

	def setUp(self):
		self.random = Random(f"{SEED} {self.id()}")
		self.files = Path(gettempdir()) / f"ec-faults-{frappe.local.site}" / self._testMethodName
		self.files.mkdir(parents=True, exist_ok=True)
		print(f"Seed {SEED}. The server's record and the workers' log are in {self.files}.")
		self.record = SinkRecord(self.files / "record.jsonl")
		self.addCleanup(self.record.close)
		self.log = (self.files / "workers.log").open("wb")
		self.addCleanup(self.log.close)
		self.members = addresses(MAILS)
		self.workers: list[Worker] = []
		self.doubts = 0
		super().setUp()
		self.addCleanup(self.end_workers)
		settings(batch_size=self.BATCH, parallel_jobs=self.JOBS, sessions_per_job=self.SESSIONS)

	def serve(self, script: dict | None = None, **options) -> ScriptedServer:
		return super().serve(script, deliver=self.record.add, **options)

	def run_workers(self, number: int, **env: str) -> None:
		"""Start workers beside those that run."""
		self.workers += [Worker(the_bench(), self.log, **env) for _worker in range(number)]

	def kill(self, worker: Worker, job_alone: bool = False) -> None:
		"""Kill a worker with its job, if it has one, or its job alone: a mail of each session is in doubt."""
		self.doubts += self.SESSIONS * worker.busy
		(worker.kill_job if job_alone else worker.kill)()

	def end_workers(self) -> None:
		"""Kill all workers. Nothing that a test proves depends on a worker's clean end."""
		while self.workers:
			self.kill(self.workers.pop())

	def begin(self) -> str:
		"""Start the mailing of the run and let the workers send it; return its name."""
		name = self.start(a_mailing(a_list(*self.members)))
		sending.tick()
		return name

	def send_some(self) -> None:
		"""Wait until the server has taken some more mails, and then for a moment, both drawn at random."""
		self.record.wait_for(len(self.record.mails) + self.random.randint(5, MAILS // 10))
		time.sleep(self.random.uniform(0, 0.05))

	def replace_jobs(self) -> None:
		"""Do what the scheduler does once RQ has noticed that jobs are dead."""
		frappe.db.rollback()
		forget_dead_jobs()
		sending.tick()

	def wait_until(self, done: Callable[[], object], seconds: float = 180) -> None:
		"""Ask `done`, each time in a new transaction, until it is true; fail when `seconds` are over."""
		end = time.monotonic() + seconds
		while not done():
			self.assertLess(time.monotonic(), end, f"{done} did not come true within {seconds} s")
			time.sleep(0.05)
			frappe.db.rollback()

	def wait_for_idle_workers(self) -> None:
		"""Wait until no job waits or runs, longer than a job is on its way from a queue to a worker."""
		idle = count()

		def is_idle():
			nonlocal idle
			if waiting_jobs() or running_jobs() or any(worker.busy for worker in self.workers):
				idle = count()
			return next(idle) >= LOOKS_UNTIL_IDLE

		self.wait_until(is_idle)

	def pass_time(self, name: str, seconds: int) -> None:
		"""Let time pass for a mailing: all that has happened is older, and all that waits is nearer."""
		frappe.db.rollback()
		for field in ("sent_epoch", "lease_until", "send_after"):
			frappe.db.sql(
				f"""UPDATE `tabCampaign Message` SET {field} = GREATEST(CAST({field} AS SIGNED) - %s, 1)
				WHERE source = %s AND {field} BETWEEN 1 AND %s""",
				(seconds, name, PLANNED),
			)
		frappe.db.sql(
			"UPDATE `tabSending Hold` SET held_epoch = held_epoch - %s WHERE held_epoch > %s",
			(seconds, seconds),
		)
		frappe.db.commit()
		self.record.age(seconds)

	def recover(self, name: str, hours: int = 12) -> None:
		"""After the last fault let hours pass, with all that the scheduler does, until the mailing has ended.

		The server is in order and fast by now, and a person resumes a mailing that the app has paused.
		"""
		self.serve()
		empty_queues()
		for _hour in range(hours):
			forget_dead_jobs()
			self.pass_time(name, 3601)
			if self.form(name).status == "Paused":
				mass_email.resume(name)
				frappe.db.commit()
			self.go_on()
			if self.form(name).status == "Complete":
				return

	def prove(self, name: str) -> None:
		"""Ledger, form, log and the server's record agree: everybody is Sent once, but for mails in doubt."""
		form = self.form(name)
		self.assertEqual(form.status, "Complete", (form.problem, self.statuses(name)))
		self.assertFiguresAgree(name)
		self.assertEqual(self.record.twice(), [])
		rows = frappe.get_all(
			"Campaign Message", {"source": name}, ["email", "status", "message_id", "reason"]
		)
		self.assertEqual(sorted(row.email for row in rows), self.members)
		self.assertEqual([row for row in rows if row.status not in ("Sent", "Uncertain")], [])
		self.assertLessEqual(sum(row.status == "Uncertain" for row in rows), self.doubts)
		sent = {(row.email, row.message_id) for row in rows if row.status == "Sent"}
		doubtful = {(row.email, row.message_id) for row in rows if row.status == "Uncertain"}
		taken = {(mail.recipient, mail.message_id) for mail in self.record.mails}
		self.assertEqual(sent - taken, set())
		self.assertLessEqual(taken - sent, doubtful)
