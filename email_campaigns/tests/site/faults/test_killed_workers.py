"""Workers are killed, or stopped past their lease: nobody is lost, nobody is mailed twice."""

from email_campaigns.tests.site.kits.faults import MAILS, FaultTest

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
		self.assertIn(doubtful, range(1, self.doubts + 1))
		self.replace_jobs()
		self.go_on()
		self.assertEqual(self.statuses(name).get("Sending", 0), doubtful)
		self.assertEqual(self.form(name).status, "In Process")


class TestStalledWorker(FaultTest):
	JOBS = 1

	def stall_in_mid_mail(self):
		"""Stop the workers while a mail is leaving; return those that were stopped."""
		while True:
			self.send_some()
			stalled = [worker for worker in self.workers if worker.busy]
			for worker in stalled:
				worker.stall()
			if self.statuses(self.name).get("Sending"):
				return stalled
			for worker in stalled:
				worker.go_on()

	def test_that_goes_on_after_others_took_its_mails_over(self):
		self.run_workers(1)
		self.name = self.begin()
		for _stall in range(2):
			stalled = self.stall_in_mid_mail()
			self.pass_time(self.name, 1300)
			self.run_workers(1)
			self.replace_jobs()
			self.assertIn(self.statuses(self.name).get("Uncertain"), range(1, self.SESSIONS + 1))
			self.send_some()
			for worker in stalled:
				worker.go_on()
			self.wait_until(lambda: not self.statuses(self.name).get("Uncertain"))
		self.wait_until(lambda: self.form(self.name).status == "Complete")
		self.wait_for_idle_workers()
		self.assertEqual(self.statuses(self.name), {"Sent": MAILS})
		self.prove(self.name)
