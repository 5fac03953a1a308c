"""Counts into rates: the base of each, raw beside human, and None where there is no rate."""

from dataclasses import asdict, replace
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.results.funnel import STEPS, funnel
from email_campaigns.results.rates import BASES, KINDS, Counts, rate, rates, total

MAILING = Counts(
	planned=1100,
	sent=1000,
	bounced=50,
	opened=380,
	clicked=95,
	replied=19,
	unsubscribed=19,
	complained=1,
	machine_opened=190,
	machine_clicked=95,
)
COUNTS = st.builds(Counts, **{kind: st.integers(0, 10**7) for kind in KINDS})


@pytest.mark.parametrize(
	("name", "base", "base_count", "human", "raw"),
	[
		("open_rate", "delivered", 950, 0.4, 0.6),
		("click_rate", "delivered", 950, 0.1, 0.2),
		("click_to_open_rate", "opened", 380, 0.25, 0.25),
		("reply_rate", "delivered", 950, 0.02, 0.02),
		("bounce_rate", "sent", 1000, 0.05, 0.05),
		("unsubscribe_rate", "delivered", 950, 0.02, 0.02),
		("complaint_rate", "delivered", 950, 1 / 950, 1 / 950),
	],
)
def test_each_rate_has_its_base(name, base, base_count, human, raw):
	figure = rate(name, MAILING)
	assert (figure.base, figure.of) == (base, base_count)
	assert (figure.human, figure.raw) == (pytest.approx(human), pytest.approx(raw))


def test_nothing_sent_has_no_rates():
	assert {(figure.human, figure.raw) for figure in rates(Counts())} == {(None, None)}


def test_a_rate_that_nobody_defined_is_an_error():
	with pytest.raises(KeyError):
		rate("happiness", MAILING)


@given(COUNTS)
def test_rates_are_shares_or_nothing(counts):
	for figure in rates(counts):
		for value in (figure.human, figure.raw):
			assert value is None or (isfinite(value) and 0 <= value <= 1)
		assert (figure.human is None) == (figure.of == 0)
		if figure.human is not None:
			assert figure.human <= figure.raw


@given(COUNTS)
def test_no_share_of_the_funnel_is_out_of_bounds(counts):
	steps = funnel(counts)
	assert tuple(step.name for step in steps) == STEPS
	assert all(step.share is None or 0 <= step.share <= 1 for step in steps)
	assert all(step.raw >= step.count >= 0 for step in steps)


def test_the_funnel_shows_people_and_bots():
	opened = next(step for step in funnel(MAILING) if step.name == "opened")
	assert (opened.count, opened.raw, opened.share) == (380, 570, pytest.approx(380 / 1100))


def test_more_bounces_than_mails_leave_nothing_delivered():
	assert replace(MAILING, bounced=2000).delivered == 0


@given(st.lists(COUNTS, max_size=5))
def test_a_campaign_is_the_sum_of_its_mailings(many):
	summed = asdict(total(many))
	assert summed == {kind: sum(asdict(counts)[kind] for counts in many) for kind in KINDS}


def test_every_rate_is_of_counts_that_exist():
	assert all(hasattr(MAILING, kind) and hasattr(MAILING, base) for kind, base in BASES.values())
