"""The bench that `dev/bench test` runs site and browser tests on."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path


def take_own_site(env=os.environ):
	"""In a process of pytest-xdist, let the environment name the site that `dev/bench test` made for it."""
	worker = env.get("PYTEST_XDIST_WORKER")
	if worker and "BENCH_WORKERS" in env:
		env.update(json.loads(env["BENCH_WORKERS"])[int(worker.removeprefix("gw"))])


class TestBench:
	"""The bench under test: the names and addresses that `dev/bench test` gives in the environment."""

	__test__ = False

	def __init__(self, env=os.environ):
		self.site = env.get("BENCH_SITE")
		self.sites = Path(env["BENCH_SITES"])
		self.url = env["BENCH_URL"]
		self.redis_queue = env["FRAPPE_REDIS_QUEUE"]
		self.screenshots = Path(env["BENCH_SCREENSHOTS"])
		self.chromium = env.get("BENCH_CHROMIUM")
		self.db_root_password = env.get("BENCH_DB_ROOT_PASSWORD")
		self.new_site = Path(env.get("BENCH_NEW_SITE", ""))  # a dump of a site with nothing but Frappe on it
		self.admin_password = "admin"

	def run_jobs(self, queues="short,default,long", seconds=300):
		"""Let one worker do every job in the test site's queues, then end. Raises CalledProcessError."""
		command = self.command("worker", "--queue", queues, "--burst", "--quiet")
		subprocess.run(command, cwd=self.sites, check=True, timeout=seconds, stdin=subprocess.DEVNULL)

	@contextmanager
	def worker(self, queues="short,default,long"):
		"""Run a worker of the test site's queues during the block, and give its Popen."""
		command = self.command("worker", "--queue", queues, "--quiet")
		process = subprocess.Popen(command, cwd=self.sites, stdin=subprocess.DEVNULL, start_new_session=True)
		try:
			yield process
		finally:
			self._end(process)

	@staticmethod
	def command(*arguments):
		"""Return the argument list that runs one of Frappe's commands with this Python."""
		return [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *map(str, arguments)]

	@staticmethod
	def _end(process):
		for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
			if process.poll() is None:
				os.killpg(process.pid, number)
				try:
					process.wait(timeout=30)
				except subprocess.TimeoutExpired:
					continue
