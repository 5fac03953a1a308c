"""A step of a job that takes too long is ended from outside, whatever it does."""

import signal
import subprocess
import sys

import pytest

from email_campaigns.delivery.sending.watchdog import Watchdog
from email_campaigns.message.child.keeper import ROOT

JOB = """
import sys, time
from email_campaigns.delivery.sending.watchdog import Watchdog
note = f"open({sys.argv[1]!r}, 'w').write('paused')"
dog = Watchdog([sys.executable, "-c", note], float(sys.argv[2]))
"""
# One call of C, which no other thread of the process can interrupt
STUCK = "for made in dog.each(sum(range(10 ** size)) for size in (1, 2, 12)): print(made, flush=True)"
STUCK_AT_ONCE = "with dog.step(): sum(range(10 ** 12))"
# Twice the allowed time in all, but not in one step; then as much between two steps
BUSY = """
def busy(seconds):
	end = time.process_time() + seconds
	while time.process_time() < end: pass
	return seconds
for made in dog.each(busy(0.2) for step in range(6)): pass
busy(1.5)
with dog.step(): pass
dog.close()
print("done")
"""


def run(code, note, seconds):
	arguments = [sys.executable, "-c", JOB + code, str(note), str(seconds)]
	return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("code", "made"), [(STUCK, "45\n4950\n"), (STUCK_AT_ONCE, "")])
def test_a_step_that_takes_too_long_ends_the_job_and_the_command_runs(code, made, tmp_path):
	note = tmp_path / "note"
	ended = run(code, note, 0.5)
	assert ended.returncode == -signal.SIGKILL
	assert ended.stdout == made
	assert note.read_text() == "paused"


def test_steps_that_take_long_together_go_on(tmp_path):
	ended = run(BUSY, tmp_path / "note", 0.6)
	assert ended.stdout == "done\n", ended.stderr
	assert not (tmp_path / "note").exists()


def test_it_ends_with_its_job(tmp_path):
	"""Its output is the job's, and `run` waits until nobody holds that any more."""
	ended = run("import os\nos.kill(os.getpid(), 9)", tmp_path / "note", 0.5)
	assert ended.returncode == -signal.SIGKILL
	assert not (tmp_path / "note").exists()


def test_what_is_made_passes_as_it_is():
	dog = Watchdog([], 10)
	with pytest.raises(KeyError):
		list(dog.each({}[number] for number in range(2)))
	assert list(dog.each(iter("abc"))) == ["a", "b", "c"]
	assert dog._count[0] % 2 == 0
	dog.close()
