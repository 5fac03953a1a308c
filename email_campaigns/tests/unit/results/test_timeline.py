"""The timeline of a mailing: every event is in it once, and it fits a chart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.results.timeline import POINTS, step_width, timeline

KINDS = ("opened", "clicked")
EVENTS = st.lists(
	st.tuples(st.sampled_from(KINDS), st.integers(-5, 200_000), st.integers(0, 1000)), max_size=50
)


@pytest.mark.parametrize(
	("last", "hours"), [(0, 1), (99, 1), (100, 2), (200, 3), (24 * 99, 24), (24 * 100, 48), (8760, 168)]
)
def test_the_step_is_the_narrowest_that_fits(last, hours):
	assert step_width(last) == hours


def test_hours_are_counted_from_the_start():
	result = timeline([("opened", 0, 3), ("clicked", 2, 1), ("opened", 2, 4)], KINDS)
	assert (result.hours, result.points) == (1, {"opened": [3, 0, 4], "clicked": [0, 0, 1]})


def test_without_events_there_is_nothing_to_show():
	assert timeline([], KINDS).points == {"opened": [], "clicked": []}


def test_a_clock_that_was_set_back_loses_nothing():
	assert timeline([("opened", -1, 2)], KINDS).points["opened"] == [2]


@given(EVENTS)
def test_all_events_are_in_it_and_it_fits(events):
	result = timeline(events, KINDS)
	for kind in KINDS:
		assert sum(result.points[kind]) == sum(number for event, _hour, number in events if event == kind)
		assert len(result.points[kind]) <= POINTS
