"""Workers are killed, or stopped past their lease: nobody is lost, nobody is mailed twice."""

from email_campaigns.tests.site.kits.faults import FaultTest
from email_campaigns.tests.support.smtp_server import Slow

KILLS = 4


class TestKilledWorkers(FaultTest):
	def kill_one(self):
		"""Kill a worker in the middle of a job, or the process of its job alone."""
		self.wait_until(lambda: any(worker.busy for worker in self.workers))
		worker = self.random.choice([worker for worker in self.workers if worker.busy])
		self.kill(worker, job_alone=self.random.random() < 0.5)

	def test_by_sigkill_at_random_moments(self):
		self.run_workers(self.JOBS + KILLS)
		name = self.begin()
		for _kill in range(KILLS):
			self.send_some()
			self.kill_one()
			self.replace_jobs()
		self.send_some()
		self.end_workers()
		left_behind = self.statuses(name)
		self.assertGreater(left_behind.get("Queued", 0), 0)
		self.go_on_while_leases_run(name)
		self.recover(name)
		self.prove(name)

	def go_on_while_leases_run(self, name):
		"""Nobody touches the mails of dead workers while their leases run, and they may be in doubt."""
		doubtful = self.statuses(name).get("Sending", 0)
		self.assertLessEqual(doubtful, self.doubts)
		self.replace_jobs()
		self.go_on()
		self.assertEqual(self.statuses(name).get("Sending", 0), doubtful)
		self.assertEqual(self.form(name).status, "In Process")


class TestStalledWorker(FaultTest):
	JOBS = 1
	script = {"content": Slow(0.05)}  # a mail waits for its answer most of the time

	def test_that_goes_on_after_others_took_its_mails_over(self):
		self.run_workers(1)
		name = self.begin()
		for _stall in range(2):
			self.send_some()
			stalled = next(worker for worker in self.workers if worker.busy)
			stalled.stall()
			self.pass_time(name, 1300)
			self.replace_jobs()
			self.assertIn(self.statuses(name).get("Uncertain"), range(1, self.SESSIONS + 1))
			self.run_workers(1)
			self.send_some()
			stalled.go_on()
			self.wait_until(lambda: not self.statuses(name).get("Uncertain"))
		self.wait_until(lambda: self.form(name).status == "Complete")
		self.wait_for_idle_workers()
		self.assertEqual(self.statuses(name), {"Sent": len(self.members)})
		self.prove(name)
