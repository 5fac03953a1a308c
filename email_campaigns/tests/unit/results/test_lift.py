"""The lift against a hold-out group: values from the literature, and bounds that hold for all groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.results.lift import LiftGroup, lift, newcombe, wilson

# Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10 (score, without continuity
# correction).
TABLE_II = [
	("56/70 - 48/80", LiftGroup(56, 70), LiftGroup(48, 80), 0.0524, 0.3339),
	("9/10 - 3/10", LiftGroup(9, 10), LiftGroup(3, 10), 0.1705, 0.8090),
	("6/7 - 2/7", LiftGroup(6, 7), LiftGroup(2, 7), 0.0582, 0.8062),
	("5/56 - 0/29", LiftGroup(5, 56), LiftGroup(0, 29), -0.0381, 0.1926),
	("0/10 - 0/20", LiftGroup(0, 10), LiftGroup(0, 20), -0.1611, 0.2775),
	("0/10 - 0/10", LiftGroup(0, 10), LiftGroup(0, 10), -0.2775, 0.2775),
	("10/10 - 0/20", LiftGroup(10, 10), LiftGroup(0, 20), 0.6791, 1.0),
	("10/10 - 0/10", LiftGroup(10, 10), LiftGroup(0, 10), 0.6075, 1.0),
]
# Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3 (score, without continuity
# correction).
ONE_SHARE = [
	(LiftGroup(81, 263), 0.2553, 0.3662),
	(LiftGroup(15, 148), 0.0624, 0.1605),
	(LiftGroup(0, 20), 0.0, 0.1611),
	(LiftGroup(1, 29), 0.0061, 0.1718),
]


@st.composite
def groups(draw):
	size = draw(st.integers(1, 10**6))
	return LiftGroup(draw(st.integers(0, size)), size)


@pytest.mark.parametrize(
	("first", "second", "low", "high"), [row[1:] for row in TABLE_II], ids=[r[0] for r in TABLE_II]
)
def test_the_difference_is_as_in_the_literature(first, second, low, high):
	assert newcombe(first, second) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize(("group", "low", "high"), ONE_SHARE)
def test_one_share_is_as_in_the_literature(group, low, high):
	assert wilson(group) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@given(groups(), groups())
def test_the_interval_holds_the_difference_and_stays_within_bounds(mailed, held_out):
	outcome = lift(mailed, held_out)
	assert -1 <= outcome.low <= outcome.difference + 1e-12
	assert outcome.difference - 1e-12 <= outcome.high <= 1
	assert outcome.significant == (outcome.low > 0 or outcome.high < 0)


@given(groups(), groups())
def test_swapping_the_groups_turns_the_sign(mailed, held_out):
	there, back = lift(mailed, held_out), lift(held_out, mailed)
	assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))


@given(groups())
def test_nothing_is_significant_between_equal_groups(group):
	assert not lift(group, group).significant


def test_significance_follows_the_interval():
	assert lift(LiftGroup(56, 70), LiftGroup(48, 80)).significant
	assert not lift(LiftGroup(5, 56), LiftGroup(0, 29)).significant


def test_a_relative_lift_needs_something_to_be_relative_to():
	assert lift(LiftGroup(30, 100), LiftGroup(20, 100)).relative == pytest.approx(0.5)
	assert lift(LiftGroup(30, 100), LiftGroup(0, 100)).relative is None


@pytest.mark.parametrize(
	("mailed", "held_out"), [(LiftGroup(0, 0), LiftGroup(1, 2)), (LiftGroup(1, 2), LiftGroup(0, 0))]
)
def test_an_empty_group_can_not_be_compared(mailed, held_out):
	assert lift(mailed, held_out) is None
