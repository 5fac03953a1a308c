"""Every bomb ends within a second of processor time and 100 MB, whatever it grows to."""

import json
import subprocess
import sys

import pytest

from email_campaigns.tests.unit.message import bombs


@pytest.fixture(scope="module")
def ends():
	"""Return {bomb: how it ended}, from one process that sets each off in a process of its own."""
	command = [sys.executable, "-m", bombs.__name__]
	done = subprocess.run(command, capture_output=True, text=True, check=True)
	return dict(zip(bombs.BOMBS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("bomb", bombs.BOMBS, ids=range(len(bombs.BOMBS)))
def test_a_bomb_takes_little_time_and_memory(ends, bomb):
	end = ends[bomb]
	assert end["end"].startswith(("refused: ", "made: ")), bomb[-200:]
	assert "MemoryError" not in end["end"]
	assert end["seconds"] < bombs.SECONDS
	assert end["megabytes"] < bombs.MEGABYTES
