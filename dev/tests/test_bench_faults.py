"""`dev/bench faults` goes through seeds until a round fails, and says how to repeat that round."""

import os

import pytest
from benchlib import faults


@pytest.fixture
def rounds(monkeypatch):
	"""The seeds of the rounds that ran; a round of seed 9 fails."""
	seeds = []

	def run(bench, paths):
		seeds.append(os.environ["FAULTS_SEED"])
		return int(seeds[-1] == "9")

	monkeypatch.setattr(faults.testing, "test", run)
	monkeypatch.setattr(os, "environ", dict(os.environ))
	return seeds


def test_a_seed_alone_is_one_round(rounds):
	assert faults.repeat(None, seed=3) == 0
	assert rounds == ["3"]


def test_the_first_failure_ends_the_rounds_and_is_named(rounds, capsys):
	assert faults.repeat(None, seed=7, minutes=5) == 1
	assert rounds == ["7", "8", "9"]
	assert "dev/bench faults --seed 9 repeats this round." in capsys.readouterr().err
