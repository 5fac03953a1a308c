"""Which version did best, and how sure that is: a value computed by hand, and bounds that hold for all groups."""

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


def of(**versions):
	"""{label: (opened, delivered)} as counts."""
	return {label: Counts(sent=size, opened=events) for label, (events, size) in versions.items()}


def plain(text):
	return text


def test_a_value_computed_by_hand():
	"""120/1000 against 90/1000: pooled 0.105, z = 0.03 / 0.013710 = 2.1882, two-sided 0.02866."""
	assert p_value(LiftGroup(120, 1000), LiftGroup(90, 1000)) == pytest.approx(0.02866, abs=0.0001)


def test_of_more_than_two_the_probability_is_larger():
	two = compare(of(A=(90, 1000), B=(120, 1000)), "opened")
	three = compare(of(A=(90, 1000), B=(120, 1000), C=(10, 1000)), "opened")
	assert (two.significant, three.significant) == (True, False)
	assert three.p_value == pytest.approx(3 * two.p_value)


@given(st.integers(1, 2000), st.integers(1, 2000), st.data())
def test_a_probability_is_one_and_the_order_does_not_matter(one, other, data):
	first = LiftGroup(data.draw(st.integers(0, one)), one)
	second = LiftGroup(data.draw(st.integers(0, other)), other)
	found = p_value(first, second)
	assert found is None or 0 <= found <= 1
	assert (
		found == pytest.approx(p_value(second, first))
		if found is not None
		else p_value(second, first) is None
	)


@given(st.lists(counts, min_size=2, max_size=4))
def test_no_version_is_better_than_the_winner(many):
	versions = dict(zip("ABCD", many, strict=False))
	found = compare(versions, "opened")
	share = lambda one: one.opened / one.delivered if one.delivered else 0  # noqa: E731
	assert share(versions[found.winner]) == max(map(share, many))
	assert found.winner == min(found.level), "of those that are level, the first"
	assert (found.second == "") == (len(found.level) > 1)
	assert not (found.significant and not found.second)


@pytest.mark.parametrize(
	("versions", "winner"),
	[
		(of(A=(0, 100), B=(0, 100)), "A"),
		(of(A=(0, 0), B=(0, 0)), "A"),
		(of(A=(20, 100), B=(10, 50)), "A"),
		(of(A=(1, 100), B=(10, 50), C=(20, 100)), "B"),
		(of(A=(1, 100), B=(2, 100)), "B"),
		(of(A=(0, 0), B=(1, 100)), "B"),
	],
)
def test_the_winner(versions, winner):
	assert compare(versions, "opened").winner == winner


@pytest.mark.parametrize(
	("versions", "words"),
	[
		(of(A=(0, 100), B=(0, 100)), "Of those in the test nobody has opened."),
		(of(A=(20, 100), B=(10, 50)), "A, B are level: 20.0 % (20/100) opened."),
		(
			of(A=(1, 20), B=(2, 20)),
			"B is ahead of A: 10.0 % (2/20) opened, against 5.0 % (1/20). So few tell no difference from chance.",
		),
		(of(A=(100, 1000), B=(110, 1000)), "against 10.0 % (100/1,000). The difference may be chance."),
		(of(A=(100, 1000), B=(180, 1000)), "With 95 % confidence this is not chance."),
	],
)
def test_it_is_said_in_words(versions, words):
	assert words in describe_comparison(compare(versions, "opened"), "opened", plain)


def test_a_draw_says_why_a_was_chosen():
	told = winner_reason(compare(of(A=(0, 100), B=(0, 100)), "opened"), "opened", plain)
	assert told == "Of those in the test nobody has opened. So the first of them was chosen: A."
	ahead = compare(of(A=(1, 20), B=(2, 20)), "opened")
	assert winner_reason(ahead, "opened", plain) == describe_comparison(ahead, "opened", plain)


def test_bounced_mails_are_no_base():
	found = compare(
		{"A": Counts(sent=100, bounced=50, clicked=10), "B": Counts(sent=100, clicked=15)}, "clicked"
	)
	assert found.winner == "A"
	assert found.groups["A"] == LiftGroup(10, 50)
