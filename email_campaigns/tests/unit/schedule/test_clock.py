"""Wall clocks of every zone: there and back, gaps and repeated hours included."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.schedule.clock import UnknownZone, in_zone, to_epoch, zone_names

zones = st.sampled_from(zone_names())
walls = st.datetimes(datetime(1990, 1, 1), datetime(2045, 1, 1)).map(lambda wall: wall.replace(microsecond=0))


def utc(*parts):
	return int(datetime(*parts, tzinfo=timezone.utc).timestamp())


def changes(zone, year):
	"""Return (last second before, offset before, offset after) of each change of clocks in a year."""
	tz, moment, end = ZoneInfo(zone), utc(year, 1, 1), utc(year + 1, 1, 1)
	found_changes = []
	while moment < end:
		before, after = (datetime.fromtimestamp(m, tz).utcoffset() for m in (moment, moment + 86400))
		if before != after:
			low, high = moment, moment + 86400
			while high - low > 1:
				middle = (low + high) // 2
				same = datetime.fromtimestamp(middle, tz).utcoffset() == before
				low, high = (middle, high) if same else (low, middle)
			found_changes.append((low, before, after))
		moment += 86400
	return found_changes


@settings(max_examples=400)
@given(zone=zones, epoch=st.integers(utc(1990, 1, 1), utc(2045, 1, 1)))
def test_from_a_moment_and_back_but_for_repeated_hours(zone, epoch):
	back = to_epoch(in_zone(epoch, zone), zone)
	assert back <= epoch
	assert in_zone(back, zone) == in_zone(epoch, zone)
	assert back == epoch or datetime.fromtimestamp(epoch, ZoneInfo(zone)).fold == 1


@settings(max_examples=400)
@given(zone=zones, wall=walls)
def test_from_a_wall_clock_and_back_but_for_gaps(zone, wall):
	back = in_zone(to_epoch(wall, zone), zone)
	assert back >= wall
	first, second = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1))
	assert back - wall == max(timedelta(0), second - first)


@pytest.mark.parametrize("zone", zone_names())
def test_around_every_change_of_a_year(zone):
	for last, before, after in changes(zone, 2026):
		size = after - before
		wall = in_zone(last, zone)  # the last second that the old offset shows
		assert to_epoch(wall, zone) == last
		if size > timedelta(0):
			inside = wall + size / 2
			assert in_zone(to_epoch(inside, zone), zone) == inside + size
		else:
			repeated = wall + size / 2
			assert to_epoch(repeated, zone) == last + int((size / 2).total_seconds())


@pytest.mark.parametrize(
	("zone", "wall", "epoch"),
	[
		("Europe/Paris", (2026, 3, 29, 1, 59), utc(2026, 3, 29, 0, 59)),
		("Europe/Paris", (2026, 3, 29, 2, 30), utc(2026, 3, 29, 1, 30)),  # does not exist: 03:30
		("Europe/Paris", (2026, 3, 29, 3, 0), utc(2026, 3, 29, 1, 0)),
		("Europe/Paris", (2026, 10, 25, 2, 30), utc(2026, 10, 25, 0, 30)),  # the first of two
		("Europe/Paris", (2026, 10, 25, 3, 0), utc(2026, 10, 25, 2, 0)),
		("America/New_York", (2026, 3, 8, 2, 30), utc(2026, 3, 8, 7, 30)),
		("America/New_York", (2026, 11, 1, 1, 30), utc(2026, 11, 1, 5, 30)),
		("Australia/Lord_Howe", (2026, 10, 4, 2, 15), utc(2026, 10, 3, 15, 45)),  # half an hour: 02:45
		("Australia/Lord_Howe", (2026, 4, 5, 1, 45), utc(2026, 4, 4, 14, 45)),
		# a day that was left out: the 31st
		("Pacific/Apia", (2011, 12, 30, 12, 0), utc(2011, 12, 30, 22, 0)),
		("Asia/Kathmandu", (2026, 1, 1, 0, 0), utc(2025, 12, 31, 18, 15)),
		("UTC", (2026, 1, 1, 0, 0), utc(2026, 1, 1)),
	],
)
def test_times_that_do_not_exist_and_times_that_come_twice(zone, wall, epoch):
	assert to_epoch(datetime(*wall), zone) == epoch


def test_half_an_hour_too_much_is_moved_by_half_an_hour():
	moved = in_zone(to_epoch(datetime(2026, 10, 4, 2, 15), "Australia/Lord_Howe"), "Australia/Lord_Howe")
	assert moved == datetime(2026, 10, 4, 2, 45)


def test_the_second_of_two_equal_times_shows_the_same_and_is_read_as_the_first():
	second = in_zone(utc(2026, 10, 25, 1, 30), "Europe/Paris")
	assert (second, second.fold) == (datetime(2026, 10, 25, 2, 30), 0)
	assert to_epoch(second.replace(fold=1), "Europe/Paris") == utc(2026, 10, 25, 0, 30)


def test_parts_of_a_second_are_dropped():
	assert to_epoch(datetime(2026, 1, 1, 0, 0, 0, 999_999), "UTC") == utc(2026, 1, 1)
	assert to_epoch(datetime(1969, 12, 31, 23, 59, 59, 1), "UTC") == -1


@pytest.mark.parametrize(
	"zone",
	["Mars/Olympus_Mons", "", "Europe", "../etc/passwd", "/etc/localtime", "Europe/Paris\0", "é", None],
)
def test_an_unknown_zone_is_named_in_a_sentence(zone):
	for call in (lambda: to_epoch(datetime(2026, 1, 1), zone), lambda: in_zone(0, zone)):
		with pytest.raises(UnknownZone) as raised:
			call()
		assert f"“{zone}”" in str(raised.value)
		assert raised.value.zone == zone
		assert isinstance(raised.value, ValueError)


def test_a_form_offers_zones_of_places_and_utc():
	names = zone_names()
	assert names == sorted(set(names))
	assert {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Asia/Kolkata"} <= set(names)
	assert not {"localtime", "posixrules", "Factory", "EST5EDT", "GMT+0", "US/Eastern", "Etc/GMT-5"} & set(
		names
	)
	assert not [name for name in names if name.startswith(("posix/", "right/", "SystemV/"))]


def test_the_list_of_zones_is_the_callers_own():
	zone_names().clear()
	assert "UTC" in zone_names()


def test_a_zone_that_no_form_offers_is_understood():
	assert in_zone(0, "Etc/GMT-5") == datetime(1970, 1, 1, 5)
