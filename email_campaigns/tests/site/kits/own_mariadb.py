"""A MariaDB of a test's own, with a copy of the test site in it, to be killed without harm to other tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

import frappe
import psutil

DEV = Path(__file__).resolve().parents[4] / "dev"
SITE = "faults.localhost"


class OwnMariaDB:
	"""A second server of the bench, and the site SITE in it, a copy of the present site.

	Raises SkipTest where `dev/bench` has not made the bench.
	"""

	def __init__(self):
		if "BENCH_DB_ROOT_PASSWORD" not in os.environ:
			raise SkipTest("the server of this site's database is not ours to copy: run dev/bench test site")
		if str(DEV) not in sys.path:
			sys.path.append(str(DEV))
		from benchlib.bench import Bench
		from benchlib.services.mariadb import MariaDB

		self.bench = Bench(DEV.parent)
		self.server = MariaDB(self.bench.paths, self.bench.state, "mariadb1")

	def make(self) -> None:
		"""Make the server anew, start it, and copy the present site into it."""
		from benchlib.core.ports import choosing, replace_busy
		from benchlib.site.create import clone

		self.drop()
		with choosing():
			replace_busy(self.bench.state, [self.server.name])
			self.start()
		clone(self.bench.paths, self.bench.mariadb, frappe.local.site, SITE, self.server)

	def start(self) -> None:
		"""Start the server and wait until it answers."""
		self.server.start()

	def query(self, sql: str) -> str:
		"""Return what the server answers to root."""
		command = self.server.client("--batch", "--skip-column-names", "-e", sql)
		return subprocess.run(command, check=True, capture_output=True, text=True).stdout

	def kill(self) -> None:
		"""End the server by SIGKILL: nothing that it holds in memory is written any more."""
		process = psutil.Process(self.server.process.pid())
		process.kill()
		process.wait(30)  # until its last thread has given up the port

	def drop(self) -> None:
		"""Remove the server, its data and the site."""
		self.server.stop()
		shutil.rmtree(self.server.folder, ignore_errors=True)
		shutil.rmtree(self.bench.paths.sites / SITE, ignore_errors=True)
