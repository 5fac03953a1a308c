"""The environment in which templates run.

Templates are hostile input: what is not allowed here does not exist.
It stands on Jinja's ImmutableSandboxedEnvironment (https://jinja.palletsprojects.com/en/stable/sandbox/), but
lists what is allowed instead of what is not: filters, tests, globals, callables and operators.
values.py alone looks up attributes and items; metering.py puts these calls into the syntax tree.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import missing
from markupsafe import Markup

from email_campaigns.message import filters
from email_campaigns.message.errors import Refused
from email_campaigns.message.filters import MailContext
from email_campaigns.message.limits import Meter
from email_campaigns.message.metering import CONCAT, CUT, FIELD, ITEM, LINK, LOOP, TICK, WEIGH
from email_campaigns.message.numbers import same_kind
from email_campaigns.message.slots import Filling, Path
from email_campaigns.message.values import (
	ENTRY,
	NO_VALUE,
	Function,
	Missing,
	Permitted,
	cut,
	field,
	item,
	iterable,
	text_of,
	weigh,
)
from email_campaigns.text import Sentence, _lt

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


@pass_context
def output(context: MailContext, value: object) -> str:
	"""Return what `{{ value }}` writes. A missing value, a list or a record writes nothing and warns."""
	if not isinstance(value, str):
		if value is None:
			return ""
		if isinstance(value, Missing):
			context.meter.warn(NO_VALUE, value.path)
			return ""
		try:
			value = text_of(value)
		except Refused as refusal:
			context.meter.warn(refusal.sentence.text, *refusal.sentence.values)
			return ""
	meter = context.meter
	meter.chars += len(value)  # as meter.read() does, without the call: this runs for every field of a mail
	if meter.chars > meter.max_chars:
		meter.read(0)
	return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def value_at(context: MailContext, path: Path) -> str:
	"""Return what a field writes.

	Its path starts at a reserved name, which has one meaning in a whole template.
	"""
	value = context.resolve_or_missing(path[0])
	if value is missing:
		value = Missing(name=path[0])
	for depth, name in enumerate(path[1:], 2):
		value = field(value, name, ".".join(path[:depth]))
	return output(context, value)


@pass_context
def concat(context: MailContext, *values: object) -> str:
	"""Join texts as the `~` operator does, escaped where one of them is markup."""
	texts = [output(context, value) for value in values]
	return Markup("").join(texts) if any(isinstance(text, Markup) for text in texts) else "".join(texts)


@pass_context
def loop_over(context: MailContext, value: object, ticks: int, chars: int) -> Iterator[object]:
	"""Yield the entries for a loop, each pass counted before its body runs."""
	if isinstance(value, Missing):
		context.meter.warn(NO_VALUE, value.path)
	for entry in iterable(value):
		context.meter.tick(ticks, chars)
		yield entry


@pass_context
def tick(context: MailContext, ticks: int, chars: int) -> str:
	"""Count one call of a macro; writes nothing."""
	context.meter.tick(ticks, chars)
	return ""


@pass_context
def weigh_operand(context: MailContext, value: object) -> object:
	"""Return an operand of a comparison, its size counted."""
	return weigh(context.meter, value)


@pass_context
def cut_value(context: MailContext, value: object, start: object, stop: object, step: object) -> object:
	"""Return `value[start:stop:step]`."""
	return cut(context.meter, value, start, stop, step)


@pass_context
def link(context: MailContext, name: object) -> str:
	"""Return the URL of a tracking link."""
	return tracked_url(context.filling, name)


def tracked_url(filling: Filling, name: object) -> str:
	"""Return the URL of the tracking link of this name. Raises Refused where there is none."""
	if not isinstance(name, str):
		raise Refused(_lt("a tracking link is named by a text"))
	return filling[name]


def make_range(meter: Meter, *bounds: int) -> range:
	"""Return what range() does. Raises Refused for more than 100,000 numbers."""
	numbers = range(*bounds)
	if len(numbers) > LONGEST_RANGE:
		raise Refused(_lt("range() gives at most {0} numbers"), f"{LONGEST_RANGE:,}")
	return numbers


def as_function(on_value: Function) -> Permitted:
	"""Make a function of a filter: Frappe's Email Template refuses to save a filter unknown to Frappe."""
	function: Function = on_value.__wrapped__  # type: ignore[attr-defined]  # functools.wraps has set it

	def call(meter: Meter, value: object, *args: object, **kwargs: object) -> object:
		if value is None or isinstance(value, Undefined):
			return value
		return function(meter, weigh(meter, value), *args, **kwargs)

	return Permitted(call)


GLOBALS = {
	"range": Permitted(make_range),
	"format_date": as_function(filters.format_date),
	"format_number": as_function(filters.format_number),
}
METERING = {
	FIELD: field,
	ITEM: item,
	CUT: cut_value,
	LOOP: loop_over,
	LINK: link,
	TICK: tick,
	WEIGH: weigh_operand,
	CONCAT: concat,
}


class MailEnvironment(ImmutableSandboxedEnvironment):
	"""Compiles syntax trees that rules.py has checked and metering.py has completed. It has no loader."""

	intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
	context_class = MailContext

	def __init__(self, allowed_filters: Mapping[str, Function], autoescape: bool):
		# Nothing is computed at compilation: an operator on constants must meet its limits too
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
		self.globals = dict(GLOBALS)

	def getattr(self, obj: object, attribute: str) -> object:
		"""Return a field of a value; Jinja calls this for the look-ups that it adds by itself."""
		return field(obj, attribute, attribute)

	def getitem(self, obj: object, argument: object) -> object:
		"""Return an item of a value; Jinja calls this for the look-ups that it adds by itself."""
		return item(obj, argument, "(…)")

	def call(self, context: Context, function: object, /, *args: object, **kwargs: object) -> object:
		"""Call a function of ours or a macro. Raises Refused for anything else."""
		# The code that Jinja makes adds these for functions that take its context; none of ours does
		kwargs.pop("_loop_vars", None)
		kwargs.pop("_block_vars", None)
		if type(function) is Permitted:
			return function.call(_meter(context), *args, **kwargs)
		if type(function) is Macro:
			return context.call(function, *args, **kwargs)
		if isinstance(function, Missing):
			raise Refused(NO_VALUE, function.path)
		raise Refused(_lt("a template cannot call this"))

	def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
		"""Return the result of an operator.

		Raises Refused where it cannot use the values, or takes too long.
		"""
		for value in (left, right):
			if isinstance(value, Undefined) or value is None:
				raise Refused(_lt("{0}, so {1} cannot use it"), _absence(value), operator)
		_check_operands(_meter(context), operator, left, right)
		return self.binop_table[operator](*same_kind(left, right))


def _meter(context: Context) -> Meter:
	return context.meter  # type: ignore[attr-defined, no-any-return]  # context_class makes each a MailContext


def _absence(value: object) -> Sentence:
	if isinstance(value, Missing):
		return Sentence(NO_VALUE, value.path)
	return Sentence(_lt("a field has no value"))


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
	text = _lt("{0} cannot be used between a {1} and a {2}")
	raise Refused(text, operator, type(left).__name__, type(right).__name__)


def _check_integers(operator: str, left: int, right: int) -> None:
	bits = max(left.bit_length(), right.bit_length())
	if operator == "*":
		bits = left.bit_length() + right.bit_length()
	elif operator == "**":
		bits = left.bit_length() * abs(right)
	if bits > LARGEST_INT_BITS:
		raise Refused(_lt("the number that {0} gives is too large"), operator)


HTML = MailEnvironment(filters.HTML_FILTERS, autoescape=True)
TEXT = MailEnvironment(filters.TEXT_FILTERS, autoescape=False)
