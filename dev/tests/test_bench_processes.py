"""A program that was started is known, and stopped with its children; a foreign one is left alone."""

import json
import os
import subprocess
import sys
import time

import pytest
from benchlib.core.errors import BenchError
from benchlib.core.paths import Paths
from benchlib.core.processes import Process, descendants, start_time, wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = (
	"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
	"print('up', flush=True); time.sleep(60)"
)
PARENT = (
	"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], "
	"start_new_session=True); print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def paths(tmp_path):
	paths = Paths(tmp_path)
	paths.make()
	return paths


@pytest.fixture
def start(paths):
	"""Starts a program under a name; whatever is left is stopped after the test."""
	started = []

	def begin(name, command, **options):
		process = Process(paths, name)
		started.append(process)
		process.start(command, **options)
		return process

	yield begin
	for process in started:
		process.stop(seconds=1)


def says_up(process):
	return lambda: b"up" in process.log.read_bytes()


def test_started_known_and_stopped(start, paths):
	process = start("sleeper", SLEEP)
	pid = process.pid()
	assert Process(paths, "sleeper").pid() == pid
	start("sleeper", SLEEP)
	assert Process(paths, "sleeper").pid() == pid, "a second start changes nothing"
	assert process.stop(seconds=5)
	assert start_time(pid) is None
	assert not process.pid_file.exists()
	assert not process.stop()


def test_one_that_ignores_the_request_is_killed(start, paths):
	log = Process(paths, "stubborn")
	process = start("stubborn", [sys.executable, "-c", STUBBORN], ready=says_up(log))
	assert process.stop(seconds=0.3)
	assert process.pid() is None


def test_children_in_sessions_of_their_own_do_not_survive(start, paths):
	log = Process(paths, "parent")
	process = start("parent", [sys.executable, "-c", PARENT], ready=says_up(log))
	(child,) = descendants(process.pid())
	process.stop(seconds=2)
	assert wait_until(lambda: start_time(child) is None, 5)


def test_a_number_given_to_another_process_is_not_ours(paths):
	other = subprocess.Popen(SLEEP)
	try:
		process = Process(paths, "ours")
		process.pid_file.write_text(json.dumps({"pid": other.pid, "start": "1"}))
		assert process.pid() is None
		assert not process.stop()
		assert other.poll() is None
	finally:
		other.kill()
		other.wait()


def test_a_program_that_ends_at_once_is_a_sentence_with_its_words(start):
	with pytest.raises(BenchError, match=r"broken ended right after its start:\s+no such thing"):
		start("broken", [sys.executable, "-c", "import sys; sys.exit('no such thing')"], ready=lambda: False)


def test_one_that_never_answers_is_stopped(start, paths):
	with pytest.raises(BenchError, match="did not answer within"):
		start("mute", SLEEP, ready=lambda: False, seconds=0.3)
	assert Process(paths, "mute").pid() is None


def test_waiting_ends():
	began = time.monotonic()
	assert not wait_until(lambda: False, 0.2)
	assert time.monotonic() - began < 2


def test_start_time_of_a_process_that_is_not():
	assert start_time(os.getpid())
	assert start_time(2**22 + 1) is None
