"""The environment in which templates run.

Templates are hostile input: what is not allowed here does not exist.
It stands on Jinja's ImmutableSandboxedEnvironment (https://jinja.palletsprojects.com/en/stable/sandbox/), but
lists what is allowed instead of what is not: filters, tests, globals, callables and operators.
values.py alone looks up attributes and items; metering.py puts these calls into the syntax tree.
"""

from collections.abc import Iterator, Mapping

from jinja2 import pass_context
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from markupsafe import Markup

from email_campaigns.message.errors import Refused
from email_campaigns.message.mime.slots import ENCODED, Filling, Path
from email_campaigns.message.sandbox import filters, operators
from email_campaigns.message.sandbox.conditions import TESTS
from email_campaigns.message.sandbox.filters import MailContext
from email_campaigns.message.sandbox.kinds import CALL, Function, Permitted, is_empty, key, text_of, whole
from email_campaigns.message.sandbox.limits import Meter, escaped_size
from email_campaigns.message.sandbox.metering import COMPARE, CONCAT, CUT, FIELD, ITEM, KEY, LINK, LOOP, TICK
from email_campaigns.message.sandbox.values import NO_VALUE, Missing, cut, field, item, iterable
from email_campaigns.text import _lt

LONGEST_RANGE = 100_000
LONGEST_LINK = 500  # characters of a name


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
			context.meter.read(CALL)
			context.meter.warn(refusal.sentence.text, *refusal.sentence.values)
			return ""
	meter = context.meter
	# As meter.read() does, without the call: this runs for every field of a mail
	meter.chars += escaped_size(value)
	if meter.chars > meter.max_chars:
		meter.read(0)
	return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value


def value_at(context: MailContext, path: Path) -> str:
	"""Return what a field writes.

	Its path starts at a reserved name, which has one meaning in a whole template.
	"""
	if path[-1] == ENCODED:
		return output(context, filters.urlencode(context, _look_up(context, path[:-1])))
	return output(context, _look_up(context, path))


def _look_up(context: MailContext, path: Path) -> object:
	value = context.resolve_or_missing(path[0])
	if value is missing:
		value = Missing(name=path[0])
	for depth, name in enumerate(path[1:], 2):
		value = field(value, name, ".".join(path[:depth]))
	return value


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
def compare(context: MailContext, left: object, *rest: object) -> object:
	"""Return the result of a comparison."""
	return operators.compare(context.meter, left, *rest)


@pass_context
def dict_key(context: MailContext, value: object) -> object:
	"""Return a key that a template writes in {key: value}."""
	return key(value)


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
	if not isinstance(name, str) or len(name) > LONGEST_LINK:
		raise Refused(_lt("a tracking link is named by a text"))
	return filling[name]


def make_range(meter: Meter, *bounds: object) -> range:
	"""Return what range() does. Raises Refused for more than 100,000 numbers."""
	numbers = range(*(whole(meter, bound) for bound in bounds))
	if len(numbers) > LONGEST_RANGE:
		raise Refused(_lt("range() gives at most {0} numbers"), f"{LONGEST_RANGE:,}")
	return numbers


def as_function(on_value: Function) -> Permitted:
	"""Make a function of a filter: Frappe's Email Template refuses to save a filter unknown to Frappe."""
	function: Function = on_value.__wrapped__  # type: ignore[attr-defined]  # functools.wraps has set it

	def call(meter: Meter, value: object, *args: object, **kwargs: object) -> object:
		return value if is_empty(value) else function(meter, value, *args, **kwargs)

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
	COMPARE: compare,
	KEY: dict_key,
	CONCAT: concat,
}


class MailEnvironment(ImmutableSandboxedEnvironment):
	"""Compiles syntax trees that rules.py has checked and metering.py has completed. It has no loader."""

	intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
	intercepted_unops = frozenset(ImmutableSandboxedEnvironment.default_unop_table)
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
		self.tests = dict(TESTS)
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
		"""Return the result of an operator between two values."""
		return operators.operate(_meter(context), operator, left, right)

	def call_unop(self, context: Context, operator: str, arg: object) -> object:
		"""Return `-arg` or `+arg`."""
		return operators.change_sign(operator, arg)


def _meter(context: Context) -> Meter:
	return context.meter  # type: ignore[attr-defined, no-any-return]  # context_class makes each a MailContext


HTML = MailEnvironment(filters.HTML_FILTERS, autoescape=True)
TEXT = MailEnvironment(filters.TEXT_FILTERS, autoescape=False)
