"""The process of a watch (watchdog.py): `python -m email_campaigns.delivery.sending.watcher ARGUMENTS`.

It ends with the job, whose pipe it waits for. It imports next to nothing, since one starts with each job.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from mmap import ACCESS_READ, mmap
from select import POLLIN, poll

LOOK_MILLISECONDS = 500


def watch(memory: int, job: int, seconds: float, command: list[str]) -> None:
	"""Look at the job's counter until the job ends or a step takes too long."""
	count = memoryview(mmap(memory, 8, access=ACCESS_READ)).cast("Q")
	pipe = poll()
	pipe.register(0, POLLIN)
	clock = clock_of(job)
	seen, since = 0, 0.0
	while not pipe.poll(LOOK_MILLISECONDS):
		number, now = count[0], clock()
		if number != seen:
			seen, since = number, now
		elif number % 2 and now - since > seconds:
			os.kill(job, signal.SIGKILL)
			subprocess.run(command, check=False)
			return


def clock_of(job: int) -> Callable[[], float]:
	"""Return a clock of the processor's seconds that a process has used: one that is stopped is not late.

	Where the system does not tell, it is the time that passes.
	"""
	name, ticks = f"/proc/{job}/stat", os.sysconf("SC_CLK_TCK")

	def used() -> float:
		try:
			with open(name, encoding="utf-8", errors="replace") as file:
				fields = file.read().rpartition(")")[2].split()
		except OSError:
			return 0.0
		return (int(fields[11]) + int(fields[12])) / ticks

	return used if os.path.exists(name) else time.monotonic


if __name__ == "__main__":
	watch(**json.loads(sys.argv[1]))
