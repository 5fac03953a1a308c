"""The comparison of versions: a value computed by hand, and bounds that hold for all groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.results.ab import compare, describe_comparison, p_value, winner_reason
from email_campaigns.results.lift import LiftGroup
from email_campaigns.results.rates import Counts

counts = st.builds(
	lambda delivered, opened: Counts(sent=delivered, opened=min(opened, delivered)),
	st.integers(0, 3000),
	st.integers(0, 3000),
)


def counts_of(**versions):
	"""{label: (opened, delivered)} as counts."""
	return {label: Counts(sent=size, opened=events) for label, (events, size) in versions.items()}


def test_the_probability_is_as_computed_by_hand():
	"""120/1000 against 90/1000: pooled 0.105, z = 0.03 / 0.013710 = 2.1882, two-sided 0.02866."""
	assert p_value(LiftGroup(120, 1000), LiftGroup(90, 1000)) == pytest.approx(0.02866, abs=0.0001)


def test_the_probability_is_larger_with_more_than_two_versions():
	two = compare(counts_of(A=(90, 1000), B=(120, 1000)), "opened")
	three = compare(counts_of(A=(90, 1000), B=(120, 1000), C=(10, 1000)), "opened")
	assert (two.significant, three.significant) == (True, False)
	assert three.p_value == pytest.approx(3 * two.p_value)


@given(st.integers(1, 2000), st.integers(1, 2000), st.data())
def test_the_probability_is_at_most_one_and_does_not_depend_on_the_order(size, other_size, data):
	first = LiftGroup(data.draw(st.integers(0, size)), size)
	second = LiftGroup(data.draw(st.integers(0, other_size)), other_size)
	probability = p_value(first, second)
	assert probability is None or 0 <= probability <= 1
	assert (
		probability == pytest.approx(p_value(second, first))
		if probability is not None
		else p_value(second, first) is None
	)


@given(st.lists(counts, min_size=2, max_size=4))
def test_no_version_is_better_than_the_winner(many):
	versions = dict(zip("ABCD", many, strict=False))
	verdict = compare(versions, "opened")
	share = lambda version: version.opened / version.delivered if version.delivered else 0  # noqa: E731
	assert share(versions[verdict.winner]) == max(map(share, many))
	assert verdict.winner == min(verdict.level), "of those that are level, the first"
	assert (verdict.second == "") == (len(verdict.level) > 1)
	assert not (verdict.significant and not verdict.second)


@pytest.mark.parametrize(
	("versions", "winner"),
	[
		(counts_of(A=(0, 100), B=(0, 100)), "A"),
		(counts_of(A=(0, 0), B=(0, 0)), "A"),
		(counts_of(A=(20, 100), B=(10, 50)), "A"),
		(counts_of(A=(1, 100), B=(10, 50), C=(20, 100)), "B"),
		(counts_of(A=(1, 100), B=(2, 100)), "B"),
		(counts_of(A=(0, 0), B=(1, 100)), "B"),
	],
)
def test_the_winner_is_the_first_of_the_best(versions, winner):
	assert compare(versions, "opened").winner == winner


@pytest.mark.parametrize(
	("versions", "words"),
	[
		(counts_of(A=(0, 100), B=(0, 100)), "Of those in the test nobody has opened."),
		(counts_of(A=(20, 100), B=(10, 50)), "A, B are level: 20.0 % (20/100) opened."),
		(
			counts_of(A=(1, 20), B=(2, 20)),
			"B is ahead of A: 10.0 % (2/20) opened, against 5.0 % (1/20)."
			" These are too few people to tell a difference from chance.",
		),
		(
			counts_of(A=(100, 1000), B=(110, 1000)),
			"against 10.0 % (100/1,000). The difference may be chance.",
		),
		(counts_of(A=(100, 1000), B=(180, 1000)), "With 95 % confidence this is not chance."),
	],
)
def test_a_comparison_is_described_in_words(versions, words):
	assert words in str(describe_comparison(compare(versions, "opened"), "opened"))


def test_a_draw_says_why_a_was_chosen():
	reason = winner_reason(compare(counts_of(A=(0, 100), B=(0, 100)), "opened"), "opened")
	assert str(reason) == "Of those in the test nobody has opened. So the first of them was chosen: A."
	ahead = compare(counts_of(A=(1, 20), B=(2, 20)), "opened")
	assert str(winner_reason(ahead, "opened")) == str(describe_comparison(ahead, "opened"))


def test_bounced_mails_are_not_in_the_base():
	verdict = compare(
		{"A": Counts(sent=100, bounced=50, clicked=10), "B": Counts(sent=100, clicked=15)}, "clicked"
	)
	assert verdict.winner == "A"
	assert verdict.groups["A"] == LiftGroup(10, 50)
