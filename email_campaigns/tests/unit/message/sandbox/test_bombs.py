"""Every bomb ends within a second of processor time and 100 MB, whatever it grows to."""

import json
import subprocess
import sys

import pytest

from email_campaigns.tests.unit.message.sandbox import bombs


@pytest.fixture(scope="module")
def ends(request):
	"""Return {number: how its bomb ended}, from one process that sets each off in a process of its own."""
	tests = [item for item in request.session.items if item.path == request.path]
	numbers = [test.callspec.params["number"] for test in tests]
	command = [sys.executable, "-m", bombs.__name__, *map(str, numbers)]
	done = subprocess.run(command, capture_output=True, text=True, check=True)
	return dict(zip(numbers, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("number", range(len(bombs.BOMBS)))
def test_a_bomb_takes_little_time_and_memory(ends, number):
	end, bomb = ends[number], bombs.BOMBS[number]
	assert end["end"].startswith(("refused: ", "made: ")), bomb[-200:]
	assert "MemoryError" not in end["end"]
	assert end["seconds"] < bombs.SECONDS
	assert end["megabytes"] < bombs.MEGABYTES
