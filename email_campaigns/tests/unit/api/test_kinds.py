"""Kinds of arguments: whatever JSON is sent, a kind gives a value of its type, or refuses."""

import json
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.api import kinds

ANY_JSON = st.recursive(
	st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
	lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
	max_leaves=12,
)
ALL = (
	*(kinds.Name, kinds.Text, kinds.Number, kinds.Flag, kinds.Moment, kinds.Day, kinds.Names, kinds.Numbers),
	*(kinds.Documents, kinds.Mapping, kinds.Values, kinds.Conditions),
)
REFUSALS = (ValueError, TypeError)  # `checked` makes a sentence of them


def read(annotation, value):
	return annotation.__metadata__[0].read(value)


def refuses(annotation, value):
	with pytest.raises(REFUSALS):
		read(annotation, value)


@given(ANY_JSON)
def test_any_json_is_read_or_refused_as_text_too(value):
	for annotation in ALL:
		for sent in (value, json.dumps(value)):
			try:
				read(annotation, sent)
			except REFUSALS:
				continue


@given(ANY_JSON)
def test_a_name_is_a_short_text(value):
	try:
		name = read(kinds.Name, value)
	except ValueError:
		return
	assert isinstance(name, str)
	assert 0 < len(name) <= 140
	assert type(value) in (str, int)


@pytest.mark.parametrize(
	"value",
	[
		{"name": ["like", "%"]},
		["like", "%"],
		1.5,
		True,
		None,
		"",
		"  ",
		"a\0b",
		"\ud800",
		"x" * 141,
	],
	ids=repr,
)
def test_what_is_no_name(value):
	refuses(kinds.Name, value)


def test_a_number_that_python_writes_as_no_text_is_no_name():
	refuses(kinds.Name, 10**5000)


def test_a_number_for_a_name_becomes_text():
	"""With a number, the database compares names as numbers, and each that begins with a letter is 0."""
	assert read(kinds.Name, 0) == "0"


@pytest.mark.parametrize("value", [-1, 1.0, True, "1.0", "-1", "", "١", 2**63, 10**30, float("nan"), [1]])
def test_what_is_no_number(value):
	refuses(kinds.Number, value)


def test_no_text_is_an_empty_one():
	assert read(kinds.Text, None) == ""
	refuses(kinds.Text, {"name": ["like", "%"]})


def test_numbers_and_flags_come_as_text_too():
	assert read(kinds.Number, "042") == 42
	assert [read(kinds.Flag, value) for value in (1, "1", True, "true")] == [True] * 4
	assert [read(kinds.Flag, value) for value in (0, "0", False, "false")] == [False] * 4
	for value in (2, "yes", "", None, 0.0, []):
		refuses(kinds.Flag, value)


def test_lists_come_as_json_and_each_item_is_read():
	assert read(kinds.Names, '["a", 7]') == ["a", "7"]
	assert read(kinds.Documents, '[["Mass Email", "a"], ["", ""]]') == [("Mass Email", "a"), ("", "")]
	for value in ('["a", {"name": "b"}]', '{"a": 1}', "null", '"a"', "[" * 100_000, [["a"]]):
		refuses(kinds.Names, value)
	refuses(kinds.Numbers, list(range(kinds.ITEMS + 1)))
	refuses(kinds.Documents, [["a", "b", "c"]])


def test_conditions_come_in_every_form_of_the_desk():
	row = ["Contact", "status", "=", "Open"]
	assert read(kinds.Conditions, json.dumps([[*row, False]])) == [row]
	assert read(kinds.Conditions, [row[1:]]) == [["", *row[1:]]]
	assert read(kinds.Conditions, {"status": "Open", "idx": [">", 3]}) == [
		["", "status", "=", "Open"],
		["", "idx", ">", 3],
	]


@pytest.mark.parametrize(
	"value",
	[
		"[[broken",
		[["name", "like"]],
		[["a", "name", "in", [["x"]]]],
		[["name", "=", {"a": 1}]],
		[["name", "=", float("inf")]],
		[["name", "=", "x"]] * (kinds.CONDITIONS + 1),
		[7],
		7,
	],
)
def test_what_are_no_conditions(value):
	refuses(kinds.Conditions, value)


def test_days_and_moments():
	assert read(kinds.Day, "2026-03-01 12:30:00") == date(2026, 3, 1)
	assert read(kinds.Moment, "2026-03-01T12:30:00+02:00") == datetime(2026, 3, 1, 12, 30)
	for value in ("tomorrow", "0001-01-01", "9999-12-31", "2026-02-30", 20260301, {"a": 1}):
		refuses(kinds.Day, value)
