"""Numbers as people write and round them, none of which is too large to handle."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any

from email_campaigns.message.errors import Refused
from email_campaigns.message.sandbox.kinds import NUMBERS, TOO_LARGE, Number, text_of
from email_campaigns.message.sandbox.limits import Meter, size
from email_campaigns.text import _lt

LONGEST_NUMBER = 100
MOST_DIGITS = 10
ROUNDING = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}


def same_kind(left: object, right: object) -> tuple[object, object]:
	"""Return the two numbers, both Decimal where one is.

	Python adds no float to a Decimal, but amounts are either.
	"""
	if isinstance(left, Decimal) and isinstance(right, float):
		return left, Decimal(str(right))
	if isinstance(left, float) and isinstance(right, Decimal):
		return Decimal(str(left)), right
	return left, right


def calculated(function: Callable[[Any, Any], object], left: object, right: object) -> object:
	"""Return what a function makes of two numbers of any kinds. Raises Refused where there is no result."""
	try:
		return function(*same_kind(left, right))
	except ZeroDivisionError:
		raise Refused(_lt("a number is divided by 0")) from None
	except ArithmeticError:
		raise Refused(TOO_LARGE) from None


def numeric(meter: Meter, value: object) -> Number:
	"""Take a number, or the text of one, as number() does: a check for arguments."""
	if isinstance(value, str):
		meter.read(size(value))
	return number(value)


def number(value: object, default: Number = 0) -> Number:
	"""Return the number in a number or text; `default` for a text that is none, for None and Missing."""
	if isinstance(value, NUMBERS):
		return value
	text = text_of(value).strip()
	try:
		parsed = Decimal(text if len(text) <= LONGEST_NUMBER else "NaN")
	except ArithmeticError:
		return default
	# 1e999999999 is a short text and a huge number
	return parsed if parsed.is_finite() and abs(parsed.adjusted()) < LONGEST_NUMBER else default


def to_int(value: object, default: Number = 0) -> int:
	"""Return the whole part of the number in a value, or `default`: the filter `int`."""
	return _whole_part(number(value, default), _whole_part(default, 0))


def _whole_part(value: Number, default: int) -> int:
	if isinstance(value, int):
		return int(value)
	# The whole part of Decimal("1e999999") has a million digits
	return int(value) if isfinite(float(value)) else default


def to_float(value: object, default: Number = 0.0) -> float:
	"""Return the number in a value, or `default`, as a float: the filter `float`."""
	try:
		return float(number(value, default))
	except OverflowError:
		return float(default)


def rounded(value: object, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
	"""Round to so many digits after the point. Raises Refused for more than 10, and for huge values."""
	if not 0 <= digits <= MOST_DIGITS:
		raise Refused(_lt("a number is rounded to between 0 and 10 digits"))
	try:
		return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=rounding)
	except ArithmeticError:
		raise Refused(TOO_LARGE) from None
