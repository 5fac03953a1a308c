"""The kinds of values that a template can have, and checks of the arguments that it gives.

Python's str(), hash(), comparisons and formatting work on anything, for any length of time. Here they get
texts, numbers and dates only. A check takes (meter, value), counts what it reads and returns what the
function gets. It raises Refused.
"""

from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial, wraps
from inspect import signature
from typing import Any, TypeAlias

from jinja2 import Undefined
from jinja2.runtime import LoopContext, Macro

from email_campaigns.message.errors import Refused
from email_campaigns.message.sandbox.limits import Meter, size
from email_campaigns.text import Sentence, _lt

Number: TypeAlias = int | float | Decimal
# Gets a Meter first, then what it works on.
Function: TypeAlias = Callable[..., Any]
Check: TypeAlias = Callable[[Meter, object], Any]


class Permitted:
	"""A function that a template may call.

	It gets the meter first, then `bound`, then the template's arguments.
	"""

	__slots__ = ("call",)

	def __init__(self, function: Function, *bound: object):
		self.call: Function = partial(_call, function, bound) if bound else function


def _call(
	function: Function, bound: tuple[object, ...], meter: Meter, *args: object, **kwargs: object
) -> object:
	return function(meter, *bound, *args, **kwargs)


NUMBERS = (int, float, Decimal)
MOMENTS = (date, time, timedelta)
SCALARS = (str, *NUMBERS, *MOMENTS)
LISTS = (list, tuple, range)
NAMES: dict[Any, str] = {
	str: _lt("a text"),
	NUMBERS: _lt("a number"),
	MOMENTS: _lt("a date or a time"),
	LISTS: _lt("a list"),
	Mapping: _lt("a record"),
	LoopContext: _lt("a loop"),
	(Permitted, Macro): _lt("a function"),
	(type(None), Undefined): _lt("an empty value"),
}
TOO_LARGE = _lt("the number is too large")
NO_TEXT = _lt("{0} has no text; loop over it or use |join")
ENTRY = 64  # the characters that an entry of a list counts for: the memory that it takes
CALL = 500  # the characters that a call of a filter or method counts for: the time that it takes
MOST_VALUES = 20_000  # in a list that is compared, those in inner lists included
DEEPEST = 20
LONGEST_KEY = 1000  # characters
WHOLE_BITS = 60


def kind_of(value: object) -> Sentence:
	"""Return what a value is, for people: “a list”."""
	for types, name in NAMES.items():
		if isinstance(value, types):
			return Sentence(name)
	return Sentence(_lt("a value of another kind"))


def is_empty(value: object) -> bool:
	"""Return whether this is None or a field that does not exist."""
	return value is None or isinstance(value, Undefined)


def text_of(value: object) -> str:
	"""Return the text of a single value; Markup stays Markup. Raises Refused for a list or a record."""
	if isinstance(value, str):
		return value
	if is_empty(value):
		return ""
	if isinstance(value, SCALARS):
		return str(value)
	raise Refused(NO_TEXT, kind_of(value))


def text(meter: Meter, value: object) -> str:
	"""Take the text of a single value."""
	result = text_of(value)
	meter.read(size(result))
	return result


def whole(meter: Meter, value: object) -> int:
	"""Take a whole number of an ordinary size."""
	if not isinstance(value, int):
		raise Refused(_lt("a whole number is needed, not {0}"), kind_of(value))
	if value.bit_length() > WHOLE_BITS:
		raise Refused(TOO_LARGE)
	return value


def flag(meter: Meter, value: object) -> bool:
	"""Take true or false."""
	return bool(value)


def anything(meter: Meter, value: object) -> object:
	"""Take any value, to hand it on as it is."""
	return value


def optional(check: Check) -> Check:
	"""Make a check of another that takes nothing too, as None."""
	return lambda meter, value: None if is_empty(value) else check(meter, value)


def choice(*texts: str) -> Check:
	"""Make a check that takes one of these texts."""

	def check(meter: Meter, value: object) -> str:
		if not isinstance(value, str) or value not in texts:
			raise Refused(_lt("only {0} can stand here"), ", ".join(texts))
		return value

	return check


def takes(value: Check, *checks: Check) -> Callable[[Function], Function]:
	"""Make a function of (meter, value, …) check the value and each argument, in their order.

	Raises Refused for an argument that the function does not have.
	"""

	def decorate(function: Function) -> Function:
		names = list(signature(function).parameters)[2:]
		by_name = dict(zip(names, checks, strict=True))

		@wraps(function)
		def call(meter: Meter, given: object, *args: object, **kwargs: object) -> object:
			if len(args) > len(checks) or not kwargs.keys() <= by_name.keys():
				raise Refused(_lt("a filter or a method is given arguments that it does not take"))
			meter.read(CALL)
			taken = value(meter, given)
			if not args and not kwargs:
				return function(meter, taken)
			positional = [check(meter, arg) for check, arg in zip(checks, args, strict=False)]
			named = {name: by_name[name](meter, arg) for name, arg in kwargs.items()}
			return function(meter, taken, *positional, **named)

		return call

	return decorate


def key(value: object) -> object:
	"""Return the key of a record's field. Raises Refused for what is no text, number or date, or too long."""
	if isinstance(value, str):
		if len(value) > LONGEST_KEY:
			raise Refused(_lt("a key has at most {0} characters"), LONGEST_KEY)
		return str(value)
	if is_empty(value):
		return None
	if isinstance(value, SCALARS):
		return value
	raise Refused(_lt("{0} cannot be a key"), kind_of(value))


def weigh(meter: Meter, value: object) -> int:
	"""Count the size of a value, lists within it each time that they are met, and return it.

	To compare it takes that much work. Raises Refused for more than 20,000 values or 20 levels.
	"""
	total = values = 0
	waiting = [(value, 0)]
	while waiting:
		inner, depth = waiting.pop()
		if isinstance(inner, str):
			total += size(inner)
			continue
		children = _children(inner)
		values += len(children)
		total += ENTRY * len(children)
		if values > MOST_VALUES:
			raise Refused(_lt("a list to compare holds more than {0} values"), f"{MOST_VALUES:,}")
		if depth > DEEPEST:
			raise Refused(_lt("a list to compare is more than {0} levels deep"), DEEPEST)
		waiting += [(child, depth + 1) for child in children]
	meter.read(total)
	return total


def _children(value: object) -> Any:
	if isinstance(value, (list, tuple)):
		return value
	if isinstance(value, Mapping):
		return value.values()
	return ()
