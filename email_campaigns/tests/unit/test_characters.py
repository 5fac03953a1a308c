"""Texts of others: no cell is a formula, and nothing in it is invisible."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.characters import (
	blank_character,
	plain_cell,
	plain_row,
	plain_start,
	without_controls,
)

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A1")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_a_text(text):
	assert plain_cell(text) == f"'{text}"
	assert plain_start(text) in ("1", "1+1", "SUM(A1)", "A1")


@pytest.mark.parametrize("text", ["", "Jo", "'=1", "550 5.1.1", "a=b", " =1", "é"])
def test_any_other_text_stays(text):
	assert plain_cell(text) == text


def test_only_the_texts_of_a_row_change():
	assert plain_row({"a": "=1", "b": -1, "c": None, "d": "x"}) == {"a": "'=1", "b": -1, "c": None, "d": "x"}


@given(st.text(st.sampled_from("=+-@\t\r\n,;\"' 1A") | st.characters()))
def test_no_cell_of_a_file_begins_like_a_formula(text):
	file = io.StringIO()
	csv.writer(file).writerow([plain_cell(text), "end"])
	(cell, _end), *_more = csv.reader(io.StringIO(file.getvalue(), newline=""))
	assert not cell.startswith(tuple("=+-@\t\r\n"))
	assert plain_cell(plain_cell(text)) == plain_cell(text)


@given(st.text())
def test_a_text_without_controls_is_one_line(text):
	line = without_controls(text)
	assert len(line.splitlines()) <= 1
	assert "\u202e" not in line


@pytest.mark.parametrize("blank", ["\u3164", "\u2800", "\ufe0f", "\u115f", "\U000e0100"])
def test_what_nothing_shows_is_found(blank):
	assert blank_character(f"jo{blank}é") == blank
	assert blank_character("joé") == blank_character("jo") == ""
