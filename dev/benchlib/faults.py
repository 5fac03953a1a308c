"""The fault runs over and over, each round with another seed, until one fails or the time is over."""

import os
import random
import time

from . import testing
from .core.say import say

TESTS = "email_campaigns/tests/site/faults"
MAILS = 1000  # in each mailing, three times as many as in the tests


def repeat(bench, seed=None, minutes=None):
	"""Run rounds for so many minutes, by default one round of a given seed, else ten minutes.

	Returns pytest's exit code of the last round; says how to repeat one that failed.
	"""
	end = time.monotonic() + 60 * (minutes if minutes is not None else 10 * (seed is None))
	number = random.randrange(1_000_000) if seed is None else seed
	while not (code := _round(bench, number)) and time.monotonic() < end:
		number += 1
	say(f"dev/bench faults --seed {number} repeats this round." if code else "All rounds passed.")
	return code


def _round(bench, seed):
	say(f"Round with seed {seed}:")
	os.environ |= {"FAULTS_SEED": str(seed), "FAULTS_MAILS": str(MAILS)}
	return testing.test(bench, [TESTS])
