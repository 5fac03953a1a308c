"""The sliding hour: never more than the limit in any 60 minutes, and hardly less while there is mail."""

from bisect import bisect_right

from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.schedule.window import HOUR, Window, grant, opens_at

MINUTE = 60


def look(times, limit, now):
	first = bisect_right(times, now - HOUR)
	return Window(limit, len(times) - first, 0, times[first] if first < len(times) else None)


def drain(mails, limit, *, wake, seconds_a_mail=0.05, start=0):
	"""Send `mails` by waking up every `wake` seconds and claiming what is granted, and return when each left."""
	times, now = [], start
	while len(times) < mails:
		clock = now
		for _ in range(grant(look(times, limit, now), mails - len(times))):
			clock += seconds_a_mail
			times.append(clock)
		opens = opens_at(look(times, limit, clock), clock)
		now = start + (int((opens - start) // wake) + 1) * wake
	return times


def most_in_an_hour(times):
	most, first = 0, 0
	for index, time in enumerate(times):
		while times[first] <= time - HOUR:
			first += 1
		most = max(most, index - first + 1)
	return most


@settings(max_examples=100, deadline=None)
@given(
	limit=st.integers(1, 300),
	mails=st.integers(1, 900),
	wake=st.integers(1, 400),
	start=st.integers(0, 10_000),
)
def test_no_rolling_hour_holds_more_than_the_limit(limit, mails, wake, start):
	assert most_in_an_hour(drain(mails, limit, wake=wake, start=start)) <= limit


@settings(max_examples=30, deadline=None)
@given(limit=st.integers(10, 400), hours=st.integers(3, 8), start=st.integers(0, 10_000))
def test_a_look_every_minute_uses_98_percent_of_the_quota(limit, hours, start):
	times = drain(limit * hours, limit, wake=MINUTE, start=start)
	ideal = (hours - 1) * HOUR
	assert ideal / (times[-1] - times[0]) >= 0.98


@given(
	limit=st.integers(0, 1000),
	sent=st.integers(0, 2000),
	reserved=st.integers(0, 500),
	wanted=st.integers(0, 5000),
)
def test_a_grant_is_never_negative_and_never_more_than_wanted(limit, sent, reserved, wanted):
	assert 0 <= grant(Window(limit, sent, reserved), wanted) <= wanted


def test_what_is_claimed_counts_as_if_it_had_left():
	assert grant(Window(limit=100, sent=60, reserved=30), 50) == 10


def test_without_a_limit_everything_may_go():
	assert grant(Window(limit=0, sent=10**6), 500) == 500


def test_a_full_window_opens_when_its_oldest_mail_leaves_it():
	assert opens_at(Window(limit=1, sent=1, oldest=1000), now=2000) == 1000 + HOUR


def test_a_window_filled_by_claims_alone_is_looked_at_again_at_once():
	assert opens_at(Window(limit=5, sent=0, reserved=5), now=2000) == 2000
