"""The shares at which a mailing pauses by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.inbound.outcomes.guard import (
	BLOCKED,
	COMPLAINTS,
	HARD,
	CameBack,
	GuardLimits,
	exceeded,
	pause_sentence,
)

LIMITS = GuardLimits({HARD: 5.0, BLOCKED: 5.0, COMPLAINTS: 0.3}, 20)


@pytest.mark.parametrize(
	("sent", "kind", "number", "pauses", "expected"),
	[
		(1000, HARD, 50, 0, ""),
		(1000, HARD, 51, 0, HARD),
		(1000, HARD, 51, 1, ""),
		(1000, HARD, 101, 1, HARD),
		(100, HARD, 19, 0, ""),
		(0, HARD, 20, 0, HARD),
		(5000, COMPLAINTS, 20, 0, COMPLAINTS),
		(10_000, COMPLAINTS, 20, 0, ""),
		(40, BLOCKED, 40, 9, ""),
	],
)
def test_a_share_counts_above_its_limit_and_minimum(sent, kind, number, pauses, expected):
	assert exceeded(CameBack(sent, {kind: number}), LIMITS, pauses) == expected


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 20))
def test_without_a_minimum_or_a_share_there_is_no_guard(sent, number, pauses):
	came_back = CameBack(sent, {HARD: number})
	assert not exceeded(came_back, GuardLimits({HARD: 5.0}, 0), pauses)
	assert not exceeded(came_back, GuardLimits({HARD: 0.0}, 1), pauses)


def test_the_sentence_has_figures_words_and_advice():
	text = str(pause_sentence(COMPLAINTS, CameBack(3000, {COMPLAINTS: 20}), LIMITS, 0, "abuse"))
	assert text.startswith("20 recipients of 3000 mails complained about spam (0.67 %, the limit is 0.3 %).")
	assert "The last report said: abuse" in text
	assert text.endswith("Resume goes on, with limits twice as high.")
