"""Numbers as people write and round them, none of which is too large to handle."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from email_campaigns.message.errors import Refused
from email_campaigns.message.values import NUMBERS, Number, text_of
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


def add(left: object, right: object) -> object:
	"""Return the sum of two numbers, whatever their kinds."""
	left, right = same_kind(left, right)
	return left + right  # type: ignore[operator]  # a template may add anything; a TypeError fails the mail


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


def to_int(value: object, default: int = 0) -> int:
	"""Return the whole part of the number in a value, or `default`: the filter `int`."""
	return int(number(value, default))


def to_float(value: object, default: float = 0.0) -> float:
	"""Return the number in a value, or `default`, as a float: the filter `float`."""
	return float(number(value, default))


def rounded(value: object, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
	"""Round to so many digits after the point.

	Raises Refused for more than 10, ArithmeticError for huge values.
	"""
	if not isinstance(digits, int) or not 0 <= digits <= MOST_DIGITS:
		raise Refused(_lt("a number is rounded to between 0 and 10 digits"))
	return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=rounding)
