"""Workers of the test site's queues as processes of their own, for faults that hit a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import BinaryIO

import frappe
import psutil

from email_campaigns.tests.support.bench_kit import TestBench


def kill_in_the_middle(program: str, *arguments: str) -> None:
	"""Run a program in a process of its own, and kill it as soon as it says that it is in the middle.

	Its first argument is the site. What it has not committed is gone.
	"""
	process = subprocess.Popen(
		[sys.executable, "-c", program, frappe.local.site, *arguments], stdout=subprocess.PIPE, text=True
	)
	said = process.stdout.readline().strip()
	process.send_signal(signal.SIGKILL)
	process.wait()
	process.stdout.close()
	assert said == "in the middle", said
	frappe.db.rollback()


class Worker:
	"""An RQ worker with the process of its present job.

	Its output goes to the end of the file `log`; `env` are further variables of its environment.
	"""

	def __init__(self, bench: TestBench, log: BinaryIO, **env: str):
		self._popen = subprocess.Popen(
			bench.command("worker", "--queue", "short,default,long"),
			cwd=bench.sites,
			env={**os.environ, **env},
			stdin=subprocess.DEVNULL,
			stdout=log,
			stderr=log,
			start_new_session=True,
		)
		self._process = psutil.Process(self._popen.pid)

	@property
	def alive(self) -> bool:
		"""Whether the worker runs."""
		return self._popen.poll() is None

	@property
	def busy(self) -> bool:
		"""Whether it works on a job, in a process of its own."""
		return self.alive and bool(self._process.children())

	def kill(self) -> None:
		"""End it with its job by SIGKILL: nothing of its clean-up runs."""
		self._signal(signal.SIGKILL)
		self._popen.wait(10)

	def kill_job(self) -> None:
		"""End the process of its job by SIGKILL, as the system does that runs out of memory."""
		for child in self._process.children(recursive=True):
			with suppress(psutil.NoSuchProcess):
				child.kill()

	def stall(self) -> None:
		"""Stop it with its job at once, as a machine does that is suspended."""
		self._signal(signal.SIGSTOP)

	def go_on(self) -> None:
		"""Let it go on after `stall`, as if no time had passed."""
		self._signal(signal.SIGCONT)

	def _signal(self, number: int) -> None:
		# The worker first: it would notice the end of its job.
		if self.alive:
			for process in [self._process, *self._process.children(recursive=True)]:
				with suppress(psutil.NoSuchProcess):
					process.send_signal(number)
