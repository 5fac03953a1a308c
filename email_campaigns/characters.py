"""Characters with which a text that somebody else wrote misleads a program or its reader. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# OWASP, CSV Injection: with these at its start a spreadsheet takes a cell for a formula; some do so with the
# full-width forms, too.
_FORMULA = "=+-@\t\r\n＝＋－＠"
# Controls of ASCII and Latin 1, separators of lines, halves of characters, and what changes the direction
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
# Letters, marks and symbols that nothing shows: Unicode's Default_Ignorable_Code_Point without controls and
# formats, and blanks
_BLANK = re.compile(
	"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
	"\U0001d159\U000e0100-\U000e01ef]"
)

# HTML, 13.2.5.6 “Tag open state”: any other character after it makes it a sign of the text
_TAG_OPEN = re.compile("<(?=[A-Za-z!/?])")


def plain_cell(text: str) -> str:
	"""Return a text that no spreadsheet takes for a formula, by an apostrophe before one that it would."""
	return f"'{text}" if text.startswith(tuple(_FORMULA)) else text


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
	"""Return a row of a report whose texts no spreadsheet takes for formulas; other values stay."""
	return {field: plain_cell(value) if isinstance(value, str) else value for field, value in row.items()}


def plain_start(text: str) -> str:
	"""Return a text on one line, without what makes a formula of it at its start."""
	return without_controls(text).lstrip(_FORMULA + " ")


def without_controls(text: str) -> str:
	"""Return a text on one line, with one blank for each run of control characters, and none around it."""
	return _CONTROL.sub(" ", text).strip()


def without_tags(text: str) -> str:
	"""Return a text whose tags of HTML are none: Frappe's reports show texts as HTML."""
	return _TAG_OPEN.sub("< ", text)


def blank_character(text: str) -> str:
	"""Return the first letter, mark or symbol of a text that nothing shows, "" where it has none."""
	found = None if text.isascii() else _BLANK.search(text)
	return found[0] if found else ""
