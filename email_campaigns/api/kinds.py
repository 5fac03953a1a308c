"""The kinds of arguments that requests have: how each is read from what was sent. Pure.

A kind stands in the annotation of an argument, `name: Name`, and `arguments.checked` reads by it. What is
sent is JSON, or the text of a form's field, in which lists and objects are JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from email_campaigns.text import _lt

T = TypeVar("T")

NAME_LENGTH = 140  # characters, as the database's columns of names have
TEXT_LENGTH = 20_000  # characters
ITEMS = 10_000  # of a list or an object
CONDITIONS = 100  # of a filter
LARGEST = 2**63  # of the database's numbers
YEARS = range(1970, 2200)
# Control characters, and halves of surrogate pairs, which no database stores.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGITS = re.compile("[0-9]{1,19}")
_FLAGS = {"1": True, "true": True, "0": False, "false": False}


@dataclass(frozen=True, slots=True)
class Kind:
	"""What an argument may be.

	`read` returns the value of what a request sent, and raises ValueError. `expected` is the sentence that
	refuses it, with the argument's name as {0}.
	"""

	read: Callable[[Any], Any]
	expected: str


def _read_text(value: Any, longest: int = TEXT_LENGTH) -> str:
	if isinstance(value, int) and not isinstance(value, bool):
		value = str(value)  # a form would have sent it so
	if not isinstance(value, str) or len(value) > longest or _UNPRINTABLE.search(value):
		raise ValueError
	return value


def _read_name(value: Any) -> str:
	"""Return a name as text: the database finds any name that begins with a letter equal to the number 0."""
	name = _read_text(value, NAME_LENGTH)
	if not name.strip():
		raise ValueError
	return name


def _read_number(value: Any) -> int:
	if isinstance(value, str) and _DIGITS.fullmatch(value):
		value = int(value)
	if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LARGEST:
		raise ValueError
	return value


def _read_flag(value: Any) -> bool:
	flag = _FLAGS.get(str(value).lower()) if isinstance(value, bool | int | str) else None
	if flag is None:
		raise ValueError
	return flag


def _read_moment(value: Any) -> datetime:
	if not isinstance(value, str | date):
		raise ValueError
	moment = datetime.fromisoformat(str(value)).replace(tzinfo=None)
	if moment.year not in YEARS:
		raise ValueError
	return moment


def _read_list(value: Any) -> list[Any]:
	parsed = _parse(value)
	if not isinstance(parsed, list | tuple) or len(parsed) > ITEMS:
		raise ValueError
	return list(parsed)


def _read_object(value: Any) -> dict[Any, Any]:
	parsed = _parse(value)
	if not isinstance(parsed, dict) or len(parsed) > ITEMS:
		raise ValueError
	return parsed


def _parse(value: Any) -> Any:
	try:
		return json.loads(value) if isinstance(value, str) else value
	except RecursionError as error:
		raise ValueError from error


def _list_of(read: Callable[[Any], T]) -> Callable[[Any], list[T]]:
	return lambda value: [read(item) for item in _read_list(value)]


def _read_document(value: Any) -> tuple[str, str]:
	"""Return the doctype and the name of a pair; both may be empty."""
	doctype, name = _read_list(value)
	return _read_text(doctype, NAME_LENGTH), _read_text(name, NAME_LENGTH)


def _read_mapping(value: Any) -> dict[str, int]:
	return {_read_name(key): _read_number(number) for key, number in _read_object(value).items()}


def _read_values(value: Any) -> dict[str, Any]:
	return {_read_name(key): item for key, item in _read_object(value).items()}


def _read_conditions(value: Any) -> list[list[Any]]:
	"""Return a list-view filter as rows [doctype or "", field, operator, value]."""
	parsed = _parse(value)
	rows = _read_list(_rows_of_dict(parsed) if isinstance(parsed, dict) else parsed)
	if len(rows) > CONDITIONS:
		raise ValueError
	return [_read_condition(row) for row in rows]


def _rows_of_dict(fields: dict[str, Any]) -> list[list[Any]]:
	return [
		[field, *(value if isinstance(value, list | tuple) else ("=", value))]
		for field, value in fields.items()
	]


def _read_condition(row: Any) -> list[Any]:
	# A list view adds a fifth part, whether it hides the condition.
	parts = _read_list(row)[:4]
	if len(parts) == 3:
		parts.insert(0, "")
	doctype, field, operator, value = parts
	return [
		_read_text(doctype, NAME_LENGTH),
		_read_name(field),
		_read_name(operator).lower(),
		_read_operand(value),
	]


def _read_operand(value: Any) -> Any:
	if isinstance(value, list | tuple):
		return [_read_single(item) for item in _read_list(value)]
	return _read_single(value)


def _read_single(value: Any) -> Any:
	if value is None or isinstance(value, bool):
		return value
	if isinstance(value, float) and math.isfinite(value):
		return value
	if isinstance(value, int) and abs(value) < LARGEST:
		return value
	return _read_text(value)


NAME = Kind(_read_name, _lt("“{0}” must be the name of a document."))
Name = Annotated[str, NAME]
Text = Annotated[
	str, Kind(lambda value: "" if value is None else _read_text(value), _lt("“{0}” must be a text."))
]
MAIL_LENGTH = 500_000  # characters
Mail = Annotated[
	str,
	Kind(
		lambda value: _read_text(value, MAIL_LENGTH),
		_lt("“{0}” must be a mail as text, of at most 500,000 characters."),
	),
]
Number = Annotated[int, Kind(_read_number, _lt("“{0}” must be a whole number, 0 or more."))]
Flag = Annotated[bool, Kind(_read_flag, _lt("“{0}” must be 0 or 1."))]
Moment = Annotated[datetime, Kind(_read_moment, _lt("“{0}” must be a date, or a date and time."))]
DAY = Kind(lambda value: _read_moment(value).date(), _lt("“{0}” must be a date."))
Day = Annotated[date, DAY]
Names = Annotated[list[str], Kind(_list_of(_read_name), _lt("“{0}” must be a list of names."))]
Numbers = Annotated[list[int], Kind(_list_of(_read_number), _lt("“{0}” must be a list of whole numbers."))]
Documents = Annotated[
	list[tuple[str, str]],
	Kind(_list_of(_read_document), _lt("“{0}” must be a list of document types with names.")),
]
Mapping = Annotated[dict[str, int], Kind(_read_mapping, _lt("“{0}” must give each field a number."))]
VALUES = Kind(_read_values, _lt("“{0}” must give fields their values."))
Values = Annotated[dict[str, Any], VALUES]
Conditions = Annotated[
	list[list[Any]], Kind(_read_conditions, _lt("“{0}” can't be read as a list of conditions."))
]
Unused = Annotated[object, Kind(lambda value: None, "")]  # what the framework sends, and nobody reads
