"""Numbers as people write and round them; none that is too large to handle."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from email_campaigns.message.errors import Refused
from email_campaigns.message.values import NUMBERS, text_of

LONGEST_NUMBER = 100
ROUNDING = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}


def alike(left: object, right: object) -> tuple[object, object]:
	"""The two numbers, both Decimal where one is: Python adds no float to a Decimal, but amounts are either."""
	if isinstance(left, Decimal) and isinstance(right, float):
		return left, Decimal(str(right))
	if isinstance(left, float) and isinstance(right, Decimal):
		return Decimal(str(left)), right
	return left, right


def number(value: object, otherwise: object = 0) -> int | float | Decimal:
	"""A number of a number or text; `otherwise` for a text that is none, None and Missing."""
	if isinstance(value, NUMBERS):
		return value
	text = text_of(value).strip()
	try:
		parsed = Decimal(text if len(text) <= LONGEST_NUMBER else "NaN")
	except ArithmeticError:
		return otherwise
	# 1e999999999 is a short text and a huge number
	return parsed if parsed.is_finite() and abs(parsed.adjusted()) < LONGEST_NUMBER else otherwise


def to_int(value, default=0):
	return int(number(value, default))


def to_float(value, default=0.0):
	return float(number(value, default))


def rounded(value: object, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
	"""To that many digits after the point. Raises Refused for more than 10, ArithmeticError for huge values."""
	if not isinstance(digits, int) or not 0 <= digits <= 10:
		raise Refused("a number is rounded to between 0 and 10 digits")
	return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=rounding)
