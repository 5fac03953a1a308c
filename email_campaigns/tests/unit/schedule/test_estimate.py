"""The estimated end against simulated mailings: within a tenth where one limit binds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.schedule.estimate import ends_at
from email_campaigns.schedule.limits import HOUR, Rolling, Spread
from email_campaigns.tests.unit.schedule.test_limits import Sender

MINUTE = 60


def assert_near(sender, now, per_hour, slack=3 * MINUTE):
	"""Estimate at `now`, run the mailing to its end, and compare; looks a minute apart need some slack."""
	estimated = ends_at(sender.limits(now), sender.waiting, now, per_hour)
	truly = sender.run(start=now)[-1]
	assert abs(estimated - truly) <= 0.1 * (truly - now) + slack


@settings(max_examples=40)
@given(limit=st.integers(5, 200), mails=st.integers(1, 1200), per_hour=st.integers(300, 20_000))
def test_under_an_hourly_limit_from_an_empty_hour(limit, mails, per_hour):
	assert_near(Sender(mails, limit, seconds_a_mail=HOUR / per_hour), 0, per_hour)


@settings(max_examples=40)
@given(
	limit=st.integers(5, 100),
	rounds=st.integers(11, 14),
	per_hour=st.integers(300, 20_000),
	run=st.integers(1, 200),
)
def test_under_an_hourly_limit_half_way(limit, rounds, per_hour, run):
	sender = Sender(limit * rounds, limit, seconds_a_mail=HOUR / per_hour)
	sender.run(until=run * MINUTE)
	assert_near(sender, run * MINUTE, per_hour)


@settings(max_examples=40)
@given(
	mails=st.integers(1, 800),
	hours=st.integers(1, 12),
	per_hour=st.integers(2000, 20_000),
	run=st.integers(0, 40),
)
def test_under_a_spread(mails, hours, per_hour, run):
	sender = Sender(mails, spread=(0, hours * HOUR, mails), seconds_a_mail=HOUR / per_hour)
	sender.run(until=run * MINUTE)
	assert_near(sender, run * MINUTE, per_hour)


@settings(max_examples=20)
@given(
	limits=st.lists(st.integers(20, 200), min_size=2, max_size=3),
	mails=st.integers(1, 800),
	hours=st.integers(1, 12),
)
def test_under_several_limits_at_once(limits, mails, hours):
	sender = Sender(mails, *limits, spread=(0, hours * HOUR, mails), seconds_a_mail=1)
	assert_near(sender, 0, HOUR, slack=5 * MINUTE)


def test_a_limit_that_was_lowered_below_what_has_left():
	sender = Sender(350, 300, seconds_a_mail=6)
	sender.run(until=MINUTE)
	sender.hourly = (100,)
	assert_near(sender, 30 * MINUTE, 600)
	assert sender.times[-1] > HOUR + 24 * MINUTE


def test_a_full_hour_delays_even_what_leaves_more_slowly_than_the_limit():
	full = Rolling("hour", limit=1000, sent=1000, oldest=0)
	assert abs(ends_at([full], 2500, now=HOUR // 2, per_hour=500) - 6 * HOUR) <= 10


def test_what_is_claimed_takes_its_places_in_the_hour():
	claimed = Rolling("hour", limit=100, sent=0, reserved=60)
	assert ends_at([claimed], 40, now=0, per_hour=3600) == 40
	assert ends_at([claimed], 41, now=0, per_hour=3600) == HOUR


def test_a_spread_sets_the_pace_at_which_the_hour_fills():
	assert_near(Sender(53, 20, spread=(0, 2 * HOUR, 53), seconds_a_mail=1), 0, HOUR)


def test_an_hour_that_holds_a_few_old_mails_and_a_server_that_fills_it_slowly():
	sender = Sender(210, 100, seconds_a_mail=20, batch=3)
	sender.times = list(range(10))
	assert_near(sender, 58 * MINUTE, 180)


def test_what_left_more_quickly_than_what_is_to_come():
	lowered = Rolling("hour", limit=100, sent=300, oldest=0)
	assert abs(ends_at([lowered], 50, now=300, per_hour=120) - (HOUR + 200 + 50 * 30)) <= 300


def test_without_limits_the_throughput_decides():
	assert ends_at([], 500, now=1000, per_hour=1000) == 1000 + HOUR // 2
	assert ends_at([Rolling("hour", 0, 10**6)], 500, now=1000, per_hour=1000) == 1000 + HOUR // 2


def test_a_limit_above_the_throughput_changes_nothing():
	assert ends_at([Rolling("hour", 5000, 0)], 2000, now=0, per_hour=1000) == 2 * HOUR


def test_a_full_hour_is_waited_for():
	full = Rolling("hour", limit=100, sent=100, oldest=0)
	assert HOUR <= ends_at([full], 10, now=600, per_hour=3600) <= HOUR + 10


@pytest.mark.parametrize("per_hour", [0, -1])
def test_nothing_is_estimated_from_nothing(per_hour):
	assert ends_at([Rolling("hour", 100, 0)], 10, now=0, per_hour=per_hour) is None


def test_where_nothing_remains_it_is_now():
	assert ends_at([Spread("spread", 0, HOUR, 10, 0)], 0, now=70, per_hour=0) == 70


def test_a_limit_of_a_kind_that_it_does_not_know_delays_the_first_mail():
	class Night:
		name = "night"

		def room(self, now):
			return 0

		def opens_at(self, now):
			return 5000

	assert ends_at([Night()], 10, now=0, per_hour=3600) == 5010
