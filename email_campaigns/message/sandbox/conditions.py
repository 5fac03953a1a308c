"""The tests that a template may use after `is`: of the kind of a value, or with numbers."""

from collections.abc import Mapping
from typing import cast

from jinja2 import Undefined

from email_campaigns.message.errors import Refused
from email_campaigns.message.sandbox.kinds import LISTS, NUMBERS, Function, kind_of
from email_campaigns.message.sandbox.numbers import calculated
from email_campaigns.message.sandbox.operators import ARITHMETIC, check_filled
from email_campaigns.text import _lt

HAS_ENTRIES = (str, *LISTS, Mapping, Undefined)


def _has_entries(value: object) -> bool:
	return isinstance(value, HAS_ENTRIES)


def _remainder(value: object, divisor: object) -> int:
	for number in (value, divisor):
		check_filled("is", number)
		if not isinstance(number, NUMBERS):
			raise Refused(_lt("a number is needed, not {0}"), kind_of(number))
	return cast(int, calculated(ARITHMETIC["%"], value, divisor))


TESTS: Mapping[str, Function] = {
	"defined": lambda value: not isinstance(value, Undefined),
	"undefined": lambda value: isinstance(value, Undefined),
	"none": lambda value: value is None,
	"string": lambda value: isinstance(value, str),
	"number": lambda value: isinstance(value, NUMBERS),
	"integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
	"float": lambda value: isinstance(value, float),
	"boolean": lambda value: isinstance(value, bool),
	"true": lambda value: value is True,
	"false": lambda value: value is False,
	"mapping": lambda value: isinstance(value, Mapping),
	"iterable": _has_entries,
	"sequence": _has_entries,
	"odd": lambda value: _remainder(value, 2) == 1,
	"even": lambda value: _remainder(value, 2) == 0,
	"divisibleby": lambda value, num: _remainder(value, num) == 0,
}
