"""The environment in which templates run. Templates are hostile input: what is not allowed here does not exist.

It stands on Jinja's ImmutableSandboxedEnvironment (https://jinja.palletsprojects.com/en/stable/sandbox/), with
lists of what is allowed in place of lists of what is not: filters, tests, globals, callables and operators.
Attributes and items are looked up by values.py alone; metering.py puts these calls into the syntax tree.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context, Macro, missing
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError
from jinja2.tests import TESTS
from markupsafe import Markup

from email_campaigns.message import filters
from email_campaigns.message.errors import Refused
from email_campaigns.message.limits import Meter
from email_campaigns.message.metering import CONCAT, CUT, EACH, FIELD, ITEM, LINK, TICK, WEIGH
from email_campaigns.message.numbers import alike
from email_campaigns.message.slots import Filling, Path
from email_campaigns.message.values import (
	ENTRY,
	Missing,
	Permitted,
	cut,
	field,
	item,
	iterable,
	text_of,
	weigh,
)

ALLOWED_TESTS = [
	"defined",
	"undefined",
	"none",
	"string",
	"number",
	"integer",
	"float",
	"boolean",
	"true",
	"false",
	"mapping",
	"iterable",
	"sequence",
	"odd",
	"even",
	"divisibleby",
]
LONGEST_RANGE = 100_000
LARGEST_INT_BITS = 256


class MailContext(Context):
	"""One rendering of one part: its values and its meter."""

	meter: Meter
	filling: Filling


@pass_context
def output(context: MailContext, value: object) -> str:
	"""What `{{ value }}` writes. A missing value, a list or a record writes nothing and warns."""
	if not isinstance(value, str):
		if value is None:
			return ""
		if isinstance(value, Undefined):
			context.meter.warnings[value._undefined_message] = None
			return ""
		try:
			value = text_of(value)
		except Refused as refused:
			context.meter.warnings[str(refused)] = None
			return ""
	meter = context.meter
	meter.chars += len(value)  # as meter.read() does, without the call: this runs for every field of a mail
	if meter.chars > meter.max_chars:
		meter.read(0)
	return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def value_at(context: MailContext, path: Path) -> str:
	"""What a field writes whose path starts at a reserved name, which means the same all through a template."""
	value = context.resolve_or_missing(path[0])
	if value is missing:
		value = Missing(name=path[0])
	for depth, name in enumerate(path[1:], 2):
		value = field(value, name, ".".join(path[:depth]))
	return output(context, value)


@pass_context
def concat(context: MailContext, *values: object) -> str:
	"""The `~` operator: texts joined, escaped where one of them is markup."""
	texts = [output(context, value) for value in values]
	return Markup("").join(texts) if any(isinstance(text, Markup) for text in texts) else "".join(texts)


@pass_context
def each(context: MailContext, value: object, ticks: int, chars: int):
	"""The entries that a loop goes over, each pass counted before its body runs."""
	if isinstance(value, Undefined):
		context.meter.warnings[value._undefined_message] = None
	for entry in iterable(value):
		context.meter.tick(ticks, chars)
		yield entry


@pass_context
def tick(context: MailContext, ticks: int, chars: int) -> str:
	context.meter.tick(ticks, chars)
	return ""


@pass_context
def weighed(context: MailContext, value: object) -> object:
	return weigh(context.meter, value)


@pass_context
def slice_of(context: MailContext, value: object, *bounds: object) -> object:
	return cut(context.meter, value, *bounds)


@pass_context
def link(context: MailContext, name: object) -> str:
	return link_of(context.filling, name)


def link_of(filling: Filling, name: object) -> str:
	if not isinstance(name, str):
		raise Refused("a tracking link is named by a text")
	return filling[name]


def make_range(meter: Meter, *bounds: int) -> range:
	numbers = range(*bounds)
	if len(numbers) > LONGEST_RANGE:
		raise Refused(f"range() gives at most {LONGEST_RANGE:,} numbers")
	return numbers


def as_function(on_value: Callable) -> Permitted:
	"""A filter to be called by its name: Frappe's Email Template refuses to save a filter that Frappe has not."""

	def call(meter: Meter, value: object, *args: object, **kwargs: object) -> object:
		if value is None or isinstance(value, Undefined):
			return value
		return on_value.__wrapped__(meter, weigh(meter, value), *args, **kwargs)

	return Permitted(call)


GLOBALS = {
	"range": Permitted(make_range),
	"format_date": as_function(filters.format_date),
	"format_number": as_function(filters.format_number),
}
METERING = {
	FIELD: field,
	ITEM: item,
	CUT: slice_of,
	EACH: each,
	LINK: link,
	TICK: tick,
	WEIGH: weighed,
	CONCAT: concat,
}


class MailEnvironment(ImmutableSandboxedEnvironment):
	"""Compiles syntax trees that rules.py has checked and metering.py has completed. Has no loader."""

	intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
	context_class = MailContext

	def __init__(self, allowed_filters: dict[str, Callable], autoescape: bool):
		# Nothing is computed while compiling: an operator on constants must meet its limits too
		super().__init__(
			autoescape=autoescape,
			undefined=Missing,
			finalize=output,
			keep_trailing_newline=True,
			optimized=False,
			cache_size=0,
		)
		self.filters = {**allowed_filters, **METERING}
		self.tests = {name: TESTS[name] for name in ALLOWED_TESTS}
		self.globals = GLOBALS

	def getattr(self, obj: object, attribute: str) -> object:
		return field(obj, attribute, attribute)

	def getitem(self, obj: object, argument: object) -> object:
		return item(obj, argument, "an item")

	def call(self, context: MailContext, function: object, /, *args: object, **kwargs: object) -> object:
		# The code that Jinja makes adds these for functions that take its context; none of ours does
		kwargs.pop("_loop_vars", None)
		kwargs.pop("_block_vars", None)
		if type(function) is Permitted:
			return function.call(context.meter, *args, **kwargs)
		if type(function) is Macro:
			return context.call(function, *args, **kwargs)
		if isinstance(function, Undefined):
			raise Refused(function._undefined_message)
		raise SecurityError("a template cannot call this")

	def call_binop(self, context: MailContext, operator: str, left: object, right: object) -> object:
		for value in (left, right):
			if isinstance(value, Undefined) or value is None:
				raise Refused(
					f"{getattr(value, '_undefined_message', 'a field has no value')}, so {operator} cannot use it"
				)
		_check_operands(context.meter, operator, left, right)
		return self.binop_table[operator](*alike(left, right))


def _check_operands(meter: Meter, operator: str, left: object, right: object) -> None:
	if isinstance(left, int) and isinstance(right, int):
		return _check_integers(operator, left, right)
	kinds = (int, float, Decimal)
	if isinstance(left, kinds) and isinstance(right, kinds):
		return None
	if operator == "+" and isinstance(left, list) and isinstance(right, list):
		return meter.read((len(left) + len(right)) * ENTRY)
	if operator == "+" and isinstance(left, str) and isinstance(right, str):
		return meter.read(len(left) + len(right))
	if operator in "+-" and isinstance(left, (date, timedelta)) and isinstance(right, (date, timedelta)):
		return None
	raise Refused(f"{operator} cannot be used between a {type(left).__name__} and a {type(right).__name__}")


def _check_integers(operator: str, left: int, right: int) -> None:
	bits = max(left.bit_length(), right.bit_length())
	if operator == "*":
		bits = left.bit_length() + right.bit_length()
	elif operator == "**":
		bits = left.bit_length() * abs(right)
	if bits > LARGEST_INT_BITS:
		raise Refused(f"the number that {operator} gives is too large")


HTML = MailEnvironment(filters.HTML_FILTERS, autoescape=True)
TEXT = MailEnvironment(filters.TEXT_FILTERS, autoescape=False)
