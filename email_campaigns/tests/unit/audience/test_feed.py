"""Feeds of target lists: when one is due, which members join and leave, which columns it can use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.feeds.rules import (
	ADDRESSES,
	FAILED,
	FINE,
	HOUR,
	Column,
	FeedFault,
	FeedStep,
	choose_column,
	decide_feed,
	is_due,
	usable_columns,
)

SOURCES = {"Contact", "Lead"}
keys = st.frozensets(st.sampled_from("abcdef"))


@pytest.mark.parametrize(
	("schedule", "hours"),
	[("Hourly", 1), ("Daily", 24), ("Weekly", 168), ("", 24), ("Sometimes", 24)],
)
def test_a_feed_is_due_after_its_interval_and_never_creeps_through_the_day(schedule, hours):
	assert is_due(schedule, FINE, None)
	assert is_due(schedule, FINE, hours * HOUR)
	assert is_due(schedule, FINE, hours * HOUR - 120)
	assert not is_due(schedule, FINE, hours * HOUR - 300)


def test_a_feed_that_failed_is_tried_again_within_the_hour():
	assert is_due("Weekly", FAILED, HOUR)
	assert not is_due("Weekly", FAILED, HOUR / 2)


def test_who_matches_comes_and_who_no_longer_matches_stays_or_leaves():
	assert decide_feed("abc", "ad", leave=False, confirmed=False) == FeedStep(frozenset("bc"), frozenset())
	assert decide_feed("abc", "ad", leave=True, confirmed=False) == FeedStep(frozenset("bc"), frozenset("d"))


def test_an_answer_without_anybody_waits_for_a_second_one():
	assert decide_feed("", "ab", leave=True, confirmed=False) == FeedStep(waits=True)
	assert decide_feed("", "ab", leave=True, confirmed=True) == FeedStep(leaving=frozenset("ab"))
	assert decide_feed("", "", leave=True, confirmed=False) == FeedStep()
	assert decide_feed("", "ab", leave=False, confirmed=False) == FeedStep()


@given(keys, keys, st.booleans(), st.booleans())
def test_a_run_that_is_carried_out_leaves_nothing_to_do(matching, brought, leave, confirmed):
	step = decide_feed(matching, brought, leave=leave, confirmed=confirmed)
	after = (brought | step.joining) - step.leaving
	assert not step.joining & brought
	assert step.leaving <= brought
	assert not step.joining & step.leaving
	assert decide_feed(matching, after, leave=leave, confirmed=confirmed) == FeedStep(waits=step.waits)


@given(keys, keys, keys)
def test_a_run_that_was_killed_goes_on_to_the_same_end(matching, brought, done):
	step = decide_feed(matching, brought, leave=True, confirmed=True)
	halfway = (brought | (step.joining & done)) - (step.leaving & done)
	rest = decide_feed(matching, halfway, leave=True, confirmed=True)
	assert (halfway | rest.joining) - rest.leaving == matching


def columns(*rows, lists_documents=False):
	keys = ("fieldname", "label", "fieldtype", "options")
	described = [dict(zip(keys, row, strict=False)) for row in rows]
	return usable_columns(described, "Contact", SOURCES, lists_documents=lists_documents)


def test_links_to_sources_come_first_then_what_sounds_like_an_address_then_other_text():
	usable = columns(
		("city", "City"),
		("mail_of_customer", "Customer's Address"),
		("lead", "Lead", "Link", "Lead"),
		("customer", "Customer", "Link", "Customer"),
		("total", "Total", "Currency"),
	)
	assert [(column.fieldname, column.doctype) for column in usable] == [
		("lead", "Lead"),
		("mail_of_customer", ADDRESSES),
		("city", ADDRESSES),
	]


def test_the_id_is_a_record_only_where_rows_are_documents():
	assert columns(("name", "ID"), lists_documents=True) == [Column("name", "ID", "Contact")]
	assert columns(("name", "Name")) == [Column("name", "Name", ADDRESSES)]


def test_a_column_that_is_gone_is_said_with_those_that_are_there():
	there = columns(("lead", "Lead", "Link", "Lead"))
	assert choose_column(there, "lead") == Column("lead", "Lead", "Lead")
	with pytest.raises(FeedFault, match=r"no column “contact”.*“Lead”"):
		choose_column(there, "contact")
	with pytest.raises(FeedFault, match="none"):
		choose_column([], "contact")
