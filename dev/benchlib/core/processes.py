"""Long-running programs of a bench: started in a session of their own, known by a pid file.

A pid file also holds the process's start time, so that a number which the system has given
to another process meanwhile is never mistaken for ours, and never stopped.
"""

import contextlib
import json
import os
import signal
import subprocess
import time

from .errors import BenchError
from .shell import last_lines, text_from
from .state import write_atomically


def start_time(pid):
	"""When process `pid` started, in the system's own words; None when it is not running."""
	try:
		with open(f"/proc/{pid}/stat") as source:
			fields = source.read().rpartition(")")[2].split()
		return None if fields[0] in "ZX" else fields[19]
	except (FileNotFoundError, ProcessLookupError):
		if _proc():
			return None
	done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
	return done.stdout.strip() or None


def wait_until(ready, seconds, pause=0.1):
	"""Ask `ready` until it answers true or the time is over; tells which."""
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		if ready():
			return True
		time.sleep(pause)
	return bool(ready())


class Process:
	"""One program of the bench, named by its pid file `pids/<name>`."""

	def __init__(self, paths, name):
		self.name = name
		self.pid_file = paths.pids / name
		self.log = paths.logs / f"{name}.log"
		self._child = None

	def pid(self):
		"""The process id when it runs and is still the one that we started, else None."""
		try:
			record = json.loads(self.pid_file.read_text())
		except (FileNotFoundError, ValueError):
			return None
		if self._child is not None:
			self._child.poll()
		return record["pid"] if record["start"] and start_time(record["pid"]) == record["start"] else None

	def start(self, command, cwd=None, env=None, ready=None, seconds=60):
		"""Start the program unless it runs, and wait until `ready()` is true; raises BenchError."""
		if self.pid():
			return
		with open(self.log, "ab") as output:
			begin = output.tell()
			self._child = subprocess.Popen(
				[str(part) for part in command],
				stdout=output,
				stderr=output,
				cwd=cwd,
				env=env,
				stdin=subprocess.DEVNULL,
				start_new_session=True,
				close_fds=True,
			)
		self._record(self._child.pid)
		if ready and not wait_until(lambda: ready() or not self.pid(), seconds):
			self.stop()
			raise BenchError(f"{self.name} did not answer within {seconds} s. See {self.log}.")
		if not self.pid():
			self.pid_file.unlink(missing_ok=True)
			raise BenchError(
				f"{self.name} ended right after its start:\n{last_lines(text_from(self.log, begin))}"
			)

	def _record(self, pid):
		write_atomically(self.pid_file, json.dumps({"pid": pid, "start": start_time(pid)}))

	def stop(self, seconds=30):
		"""End the program and everything that it started; True when it was running.

		It is asked first, and asked again (a worker then gives up its job), then killed.
		"""
		pid = self.pid()
		if pid:
			family = {child: start_time(child) for child in descendants(pid)}
			for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
				_signal_group(pid, number)
				if wait_until(lambda: not self.pid(), seconds):
					break
			_signal_group(pid, signal.SIGKILL)
			_kill_those_left(family)
		self.pid_file.unlink(missing_ok=True)
		return bool(pid)


def descendants(pid):
	"""Process ids of all children of `pid`, theirs included."""
	done = (
		subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True)
		if not _proc()
		else None
	)
	pairs = [line.split() for line in done.stdout.splitlines()] if done else list(_parents())
	family, grown = {pid}, True
	while grown:
		children = {int(child) for child, parent in pairs if int(parent) in family} - family
		grown = bool(children)
		family |= children
	return family - {pid}


def _proc():
	return os.path.isdir("/proc/self")


def _parents():
	for name in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open(f"/proc/{name}/stat") as source:
				yield name, source.read().rpartition(")")[2].split()[1]
		except (FileNotFoundError, ProcessLookupError):
			continue


def _kill_those_left(family):
	for pid, start in family.items():
		if start and start_time(pid) == start:
			os.kill(pid, signal.SIGKILL)


def _signal_group(group, number):
	with contextlib.suppress(ProcessLookupError, PermissionError):
		os.killpg(group, number)
