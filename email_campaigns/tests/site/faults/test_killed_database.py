"""MariaDB is killed in mid-send: what each value of innodb_flush_log_at_trx_commit keeps and loses."""

import frappe

from email_campaigns.delivery.ledger.durability_store import read_durability_problems
from email_campaigns.tests.site.conftest import mark_as_test
from email_campaigns.tests.site.kits.faults import FaultTest
from email_campaigns.tests.site.kits.own_mariadb import SITE, OwnMariaDB

NEVER = 2700  # seconds, the longest pause that MariaDB makes between two flushes of its log; by default 1


def work_on(site):
	"""Connect this process to another site."""
	frappe.destroy()
	frappe.init(site=site)
	frappe.connect()
	mark_as_test()


class TestKilledDatabase(FaultTest):
	@classmethod
	def setUpClass(cls):
		cls.mariadb = OwnMariaDB()
		cls.addClassCleanup(cls.mariadb.drop)
		cls.mariadb.make()
		cls.addClassCleanup(work_on, frappe.local.site)
		work_on(SITE)
		frappe.clear_cache()
		super().setUpClass()

	def flush_log(self, at_commit):
		"""Set innodb_flush_log_at_trx_commit; where it is not 1, the log waits as long as it can."""
		sql = (
			f"SET GLOBAL innodb_flush_log_at_trx_commit = {at_commit}, innodb_flush_log_at_timeout = {NEVER}"
		)
		self.mariadb.query(sql)

	def crash(self):
		"""Kill the server in mid-send and start it again; each session of a job has a mail in doubt."""
		self.doubts += self.SESSIONS * sum(worker.busy for worker in self.workers)
		self.mariadb.kill()
		self.mariadb.start()
		frappe.db.close()

	def send_through_crashes(self, at_commit):
		self.run_workers(self.JOBS)
		name = self.begin()
		for _crash in range(2):
			self.flush_log(at_commit)
			self.send_some()
			self.crash()
			self.replace_jobs()
		self.send_some()
		self.end_workers()
		self.recover(name)
		return name

	def warnings(self, at_commit):
		"""Return what the settings form and the check list say of this value."""
		self.flush_log(at_commit)
		return " ".join(map(str, read_durability_problems()))

	def test_nothing_is_lost_or_sent_twice_where_each_commit_is_flushed(self):
		self.assertEqual(self.warnings(1), "")
		self.prove(self.send_through_crashes(at_commit=1))

	def test_nothing_is_lost_or_sent_twice_where_each_commit_is_given_to_the_system(self):
		# A machine without power would lose what the system holds. No process can show that: how much it is
		# depends on file system and disk.
		self.assertIn("machine crashes or loses its power", self.warnings(2))
		self.prove(self.send_through_crashes(at_commit=2))

	def test_mails_leave_twice_where_commits_wait_in_memory(self):
		self.assertIn("If MariaDB is killed", self.warnings(0))
		self.flush_log(1)  # else the start of the mailing would be lost too
		name = self.send_through_crashes(at_commit=0)
		self.assertGreater(len(self.record.twice()), 0)
		self.assertEqual(self.form(name).status, "Complete")
