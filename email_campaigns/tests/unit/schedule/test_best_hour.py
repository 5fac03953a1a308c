"""The best hour and the next time that it comes, in every zone and over changes of the clocks."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from email_campaigns.schedule.best_hour import best_hour, next_time
from email_campaigns.schedule.clock import UnknownZone, in_zone, to_epoch, zone_names

HOUR = 3600
hours = st.integers(0, 23)
events = st.dictionaries(hours, st.integers(0, 9))


def utc(*parts):
	return int(datetime(*parts, tzinfo=timezone.utc).timestamp())


moments = st.integers(utc(2020, 1, 1), utc(2040, 1, 1))
# Zones whose clocks change in ways of their own: by half an hour, two hours, at a quarter to, at midnight.
odd = ["Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Chatham", "America/Havana", "Africa/Cairo"]
zones = st.sampled_from(zone_names()) | st.sampled_from([*odd, "Europe/Paris", "America/Nuuk"])


@given(own=events, of_list=events, default=hours)
def test_own_events_decide_then_those_of_the_list_then_the_default(own, of_list, default):
	best = best_hour(own, of_list, default)
	if any(own.values()):
		assert own[best] == max(own.values())
	elif any(of_list.values()):
		assert of_list[best] == max(of_list.values())
	else:
		assert best == default


@pytest.mark.parametrize(
	("own", "default", "best"),
	[
		({9: 2, 17: 2}, 9, 9),
		({9: 2, 17: 2}, 10, 17),
		({9: 2, 17: 2}, 18, 9),
		({23: 1, 1: 1}, 0, 1),
		({8: 1, 20: 3}, 8, 20),
	],
)
def test_of_equal_hours_the_first_from_the_default_onwards(own, default, best):
	assert best_hour(own, {3: 99}, default) == best
	assert best_hour(dict(reversed(own.items())), {}, default) == best


def offset(moment, zone):
	return datetime.fromtimestamp(moment, ZoneInfo(zone)).utcoffset()


def changes_within_a_day(start, zone):
	return len({offset(start + hour * HOUR, zone) for hour in range(-2, 30)}) > 1


@settings(max_examples=500)
@given(start=moments, hour=hours, zone=zones, spread=st.integers(0, HOUR - 1))
def test_it_is_that_hour_within_a_day_and_never_before_the_start(start, hour, zone, spread):
	moment = next_time(start, hour, zone, spread)
	first = next_time(start, hour, zone)
	longer = max(0, (offset(start, zone) - offset(start + 26 * HOUR, zone)).total_seconds())
	assert start <= first <= moment <= first + spread
	assert first - start <= 24 * HOUR + max(0, longer - HOUR)
	assert moment - start < 25 * HOUR + max(0, longer - HOUR)
	assert in_zone(moment, zone).hour == hour or changes_within_a_day(start, zone)


@settings(max_examples=150)
@given(start=moments, hour=hours, zone=zones)
def test_nothing_earlier_would_have_done(start, hour, zone):
	first = next_time(start, hour, zone)
	earlier = range(start, first, 300)
	assert all(in_zone(moment, zone).hour != hour for moment in earlier)


def change_days():
	"""Moments of the days around changes of the clocks in 2026, where mistakes would be."""
	days = {
		"Europe/Paris": [(2026, 3, 28), (2026, 10, 24)],
		"America/New_York": [(2026, 3, 7), (2026, 10, 31)],
		"Australia/Lord_Howe": [(2026, 10, 3), (2026, 4, 4)],
		"Pacific/Chatham": [(2026, 9, 26), (2026, 4, 4)],
		"Antarctica/Troll": [(2026, 3, 28), (2026, 10, 24)],
		"Africa/Cairo": [(2026, 4, 23), (2026, 10, 29)],
		"America/Nuuk": [(2026, 3, 28), (2026, 10, 24)],
		"America/Havana": [(2026, 3, 7), (2026, 10, 31)],
	}
	return [(zone, day) for zone, dates in days.items() for day in dates]


@pytest.mark.parametrize(("zone", "day"), change_days(), ids=str)
def test_every_hour_of_a_day_of_change(zone, day):
	midnight = to_epoch(datetime(*day), zone)
	for start in range(midnight, midnight + 40 * HOUR, 2 * HOUR + 300):
		for hour in range(24):
			first, last = (next_time(start, hour, zone, spread) for spread in (0, HOUR - 1))
			assert start <= first <= last < start + 26 * HOUR
			assert in_zone(first, zone).hour == hour or hour in sprung_over(first, zone)
			assert in_zone(last, zone).hour == in_zone(first, zone).hour


def sprung_over(moment, zone):
	"""Return the hours over whose beginning the clock was set forward at `moment`."""
	before, after = in_zone(moment - 1, zone), in_zone(moment, zone)
	top = before.replace(minute=0, second=0) + timedelta(hours=1)
	return {(top + timedelta(hours=n)).hour for n in range(3) if top + timedelta(hours=n) < after}


def test_an_hour_that_the_day_leaves_out_is_the_moment_after_the_gap():
	assert next_time(utc(2026, 3, 28, 12), 2, "Europe/Paris") == utc(2026, 3, 29, 1)
	assert next_time(utc(2026, 3, 29, 1), 2, "Europe/Paris") == utc(2026, 3, 30, 0)


def test_an_hour_cut_short_begins_where_it_begins_to_exist():
	at = next_time(utc(2026, 10, 3, 12), 2, "Australia/Lord_Howe")
	assert in_zone(at, "Australia/Lord_Howe") == datetime(2026, 10, 4, 2, 30)
	last = next_time(utc(2026, 10, 3, 12), 2, "Australia/Lord_Howe", HOUR - 1)
	assert in_zone(last, "Australia/Lord_Howe") == datetime(2026, 10, 4, 2, 59, 59)


def test_an_hour_that_comes_twice_is_the_first():
	assert next_time(utc(2026, 10, 24, 12), 2, "Europe/Paris") == utc(2026, 10, 25, 0)
	assert next_time(utc(2026, 10, 25, 1), 2, "Europe/Paris", 60) == utc(2026, 10, 25, 1, 1)


def test_the_day_that_apia_left_out_is_not_a_gap_in_the_hours():
	at = next_time(to_epoch(datetime(2011, 12, 29, 11), "Pacific/Apia"), 10, "Pacific/Apia")
	assert in_zone(at, "Pacific/Apia") == datetime(2011, 12, 31, 10)


@given(start=moments, zone=zones, spread=st.integers(0, HOUR - 1))
def test_within_the_hour_it_is_now_or_later_in_it(start, zone, spread):
	assume(not changes_within_a_day(start, zone))
	hour = in_zone(start, zone).hour
	moment = next_time(start, hour, zone, spread)
	assert next_time(start, hour, zone) == start
	assert start <= moment
	assert in_zone(moment, zone).replace(minute=0, second=0) == in_zone(start, zone).replace(
		minute=0, second=0
	)


def test_the_spread_fills_what_is_left_of_the_hour_evenly():
	noon = utc(2026, 6, 1, 12)
	assert next_time(noon - 60, 12, "UTC", 1800) == noon + 1800
	assert [next_time(noon + 2400, 12, "UTC", s) for s in (0, 1800, 3599)] == [
		noon + 2400,
		noon + 3000,
		noon + 3599,
	]
	assert next_time(noon, 12, "UTC", 10**6) == noon + HOUR - 1


def test_what_is_no_hour_and_what_is_no_zone_is_refused():
	with pytest.raises(ValueError, match="24 is no hour"):
		next_time(0, 24, "UTC")
	with pytest.raises(UnknownZone, match="Mars"):
		next_time(0, 1, "Mars/Base")
