"""Steps run in the order of their needs, and one that fails stops only those that need it."""

import sys
import threading

import pytest
from benchlib.core.errors import BenchError
from benchlib.core.graph import run_steps
from benchlib.core.shell import output_of, run


def test_needs_come_first():
	done = []
	steps = {
		"site": (lambda: done.append("site"), ["env", "data"]),
		"env": (lambda: done.append("env"), []),
		"data": (lambda: done.append("data"), []),
	}
	run_steps(steps)
	assert done[-1] == "site"
	assert sorted(done[:2]) == ["data", "env"]


def test_independent_steps_run_side_by_side():
	meeting = threading.Barrier(2, timeout=10)
	run_steps({"one": (meeting.wait, []), "two": (meeting.wait, [])})


def test_a_failure_is_raised_after_all_that_does_not_need_it():
	done = []

	def fail():
		raise BenchError("no")

	with pytest.raises(BenchError, match="no"):
		run_steps(
			{
				"bad": (fail, []),
				"needs it": (lambda: done.append("never"), ["bad"]),
				"other": (lambda: done.append("other"), []),
				"after other": (lambda: done.append("after"), ["other"]),
			}
		)
	assert done == ["other", "after"]


@pytest.mark.parametrize(
	("code", "sentence"),
	[
		("import sys; sys.exit('it broke')", r"(?s)Making it failed.*log.*it broke"),
		("import sys; sys.exit('[Errno 28] No space left on device')", "the disk is full"),
		(
			"print('InnoDB: failed with error 28\\n' + 'Farewell\\n' * 50); raise SystemExit(1)",
			"the disk is full",
		),
	],
)
def test_a_failing_program_is_a_sentence(tmp_path, code, sentence):
	with pytest.raises(BenchError, match=sentence):
		run([sys.executable, "-c", code], tmp_path / "log", "Making it")


def test_a_missing_program_is_a_sentence(tmp_path):
	with pytest.raises(BenchError, match="/no/such cannot be run"):
		run(["/no/such"], tmp_path / "log", "Making it")


def test_output(tmp_path):
	assert output_of([sys.executable, "-c", "print('hello')"], "Asking") == "hello\n"
