"""The operators of templates, and the kinds of values that each takes.

Every one counts what it reads and what it makes, the longer ones before they make it.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from jinja2 import Undefined
from markupsafe import Markup

from email_campaigns.message.errors import Refused
from email_campaigns.message.sandbox.kinds import (
	ENTRY,
	LISTS,
	MOMENTS,
	NUMBERS,
	SCALARS,
	TOO_LARGE,
	is_empty,
	kind_of,
	weigh,
)
from email_campaigns.message.sandbox.limits import Meter, escaped_size, search_size, size
from email_campaigns.message.sandbox.numbers import calculated
from email_campaigns.message.sandbox.values import NO_VALUE, Missing
from email_campaigns.text import Sentence, _lt

Comparison: TypeAlias = Callable[[Meter, object, object], object]

LARGEST_INT_BITS = 256
POWER = 5000  # the characters that a power of decimals counts for: the time that it takes
ARITHMETIC: Mapping[str, Callable[[Any, Any], object]] = {
	"+": operator.add,
	"-": operator.sub,
	"*": operator.mul,
	"/": operator.truediv,
	"//": operator.floordiv,
	"%": operator.mod,
	"**": operator.pow,
}


def operate(meter: Meter, sign: str, left: object, right: object) -> object:
	"""Return the result of an operator between two values.

	Raises Refused where it cannot use them, or takes too long.
	"""
	check_filled(sign, left, right)
	if isinstance(left, NUMBERS) and isinstance(right, NUMBERS):
		return _calculate(meter, sign, left, right)
	if sign == "+" and isinstance(left, list) and isinstance(right, list):
		meter.read((len(left) + len(right)) * ENTRY)
		return left + right
	if sign == "+" and isinstance(left, str) and isinstance(right, str):
		return _join(meter, left, right)
	if sign in "+-" and isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
		return calculated(ARITHMETIC[sign], left, right)
	raise Refused(_lt("{0} cannot be used between {1} and {2}"), sign, kind_of(left), kind_of(right))


def change_sign(sign: str, value: object) -> object:
	"""Return `-value` or `+value`. Raises Refused for all but numbers and lengths of time."""
	check_filled(sign, value)
	if not isinstance(value, (*NUMBERS, timedelta)):
		raise Refused(_lt("{0} cannot be used with {1}"), sign, kind_of(value))
	return -value if sign == "-" else +value


def check_filled(sign: str, *values: object) -> None:
	"""Raise Refused where an operator or a test would get a value that is missing."""
	for value in values:
		if is_empty(value):
			raise Refused(_lt("{0}, so {1} cannot use it"), _absence(value), sign)


def _absence(value: object) -> Sentence:
	"""Return that a value is missing, as a clause."""
	return (
		Sentence(NO_VALUE, value.path)
		if isinstance(value, Missing)
		else Sentence(_lt("a field has no value"))
	)


def _calculate(meter: Meter, sign: str, left: object, right: object) -> object:
	if isinstance(left, int) and isinstance(right, int):
		_check_integers(sign, left, right)
	elif sign == "**" and (isinstance(left, Decimal) or isinstance(right, Decimal)):
		meter.read(POWER)
	result = calculated(ARITHMETIC[sign], left, right)
	if not isinstance(result, NUMBERS):
		# A root of a negative number
		raise Refused(_lt("{0} gives no number here"), sign)
	return result


def _check_integers(sign: str, left: int, right: int) -> None:
	bits = max(left.bit_length(), right.bit_length())
	if sign == "*":
		bits = left.bit_length() + right.bit_length()
	elif sign == "**":
		bits = left.bit_length() * abs(right)
	if bits > LARGEST_INT_BITS:
		raise Refused(_lt("the number that {0} gives is too large"), sign)


def _join(meter: Meter, left: str, right: str) -> str:
	escapes = isinstance(left, Markup) or isinstance(right, Markup)
	for text in (left, right):
		meter.read(escaped_size(text) if escapes and not isinstance(text, Markup) else size(text))
	return left + right


def compare(meter: Meter, left: object, *rest: object) -> object:
	"""Return the result of a comparison such as `a < b < c`.

	`rest` has the name that Jinja gives the operator, and the value after it, for each in turn.
	"""
	result: object = True
	for name, right in zip(rest[::2], rest[1::2], strict=True):
		result = COMPARISONS[str(name)](meter, left, right)
		if not result:
			break
		left = right
	return result


def _equal(meter: Meter, left: object, right: object) -> bool:
	if isinstance(left, str) and isinstance(right, str):
		meter.read(min(size(left), size(right)))
		return left == right
	lists = (*LISTS, Mapping)
	if isinstance(left, lists) and isinstance(right, lists):
		weigh(meter, left)
		weigh(meter, right)
		return bool(left == right)
	known = (*SCALARS, *lists, Undefined)
	return bool(left == right) if isinstance(left, known) and isinstance(right, known) else left is right


def _unequal(meter: Meter, left: object, right: object) -> bool:
	return not _equal(meter, left, right)


def _in_order(sign: str, function: Callable[[Any, Any], object]) -> Comparison:
	def is_in_order(meter: Meter, left: object, right: object) -> object:
		check_filled(sign, left, right)
		_check_comparable(meter, sign, left, right)
		try:
			return function(left, right)
		except ArithmeticError:
			raise Refused(TOO_LARGE) from None

	return is_in_order


def _check_comparable(meter: Meter, sign: str, left: object, right: object) -> None:
	for types in (str, NUMBERS, MOMENTS, list, tuple):
		if isinstance(left, types) and isinstance(right, types):
			if types not in (NUMBERS, MOMENTS):
				weigh(meter, left)
				weigh(meter, right)
			return
	raise Refused(_lt("{0} cannot compare {1} and {2}"), sign, kind_of(left), kind_of(right))


def _contains(meter: Meter, part: object, container: object) -> bool:
	if isinstance(container, str) and isinstance(part, str):
		meter.read(search_size(container, part))
		return part in container
	if isinstance(container, Mapping) and (isinstance(part, SCALARS) or is_empty(part)):
		weigh(meter, part)
		return part in container
	if isinstance(container, LISTS):
		if not (isinstance(container, range) and isinstance(part, int)):
			meter.read((ENTRY + weigh(meter, part)) * len(container))
		return part in container
	if isinstance(container, Undefined):
		return False
	raise Refused(_lt("{0} cannot be looked for in {1}"), kind_of(part), kind_of(container))


def _lacks(meter: Meter, part: object, container: object) -> bool:
	return not _contains(meter, part, container)


COMPARISONS: Mapping[str, Comparison] = {
	"eq": _equal,
	"ne": _unequal,
	"lt": _in_order("<", operator.lt),
	"lteq": _in_order("<=", operator.le),
	"gt": _in_order(">", operator.gt),
	"gteq": _in_order(">=", operator.ge),
	"in": _contains,
	"notin": _lacks,
}
