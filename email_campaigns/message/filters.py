"""The filters that a template may use: formatting only, each counting the text that it reads.

A value that is None or Missing goes through a filter unchanged, so that it renders empty and its warning stays.
`safe` is not among them: what a recipient's record holds is always escaped in HTML, whoever wrote it there.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from functools import wraps
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.numbers import LONGEST_NUMBER, ROUNDING, alike, number, rounded, to_float, to_int
from email_campaigns.message.values import (
	ENTRY,
	NUMBERS,
	STR_METHODS,
	count,
	field,
	format_time,
	iterable,
	replace_text,
	text_of,
	weigh,
)


def on_value(function: Callable) -> Callable:
	"""A filter of (meter, value, …): leaves None and Missing alone and counts the value's size."""

	@pass_context
	@wraps(function)
	def call(context: Context, value: object, *args: object, **kwargs: object) -> object:
		if value is None or isinstance(value, Undefined):
			return value
		return function(context.meter, weigh(context.meter, value), *args, **kwargs)

	return call


def on_list(function: Callable) -> Callable:
	"""A filter of (meter, list, …): None and Missing are the empty list."""

	@pass_context
	@wraps(function)
	def call(context: Context, value: object, *args: object, **kwargs: object) -> object:
		items = list(weigh(context.meter, iterable(value)))
		context.meter.read(ENTRY * len(items))
		return function(context.meter, items, *args, **kwargs)

	return call


def _method(name: str) -> Callable:
	return on_value(lambda meter, value: getattr(text_of(value), name)())


@on_value
def trim(meter, value, chars=None):
	return STR_METHODS["strip"](meter, text_of(value), chars)


@on_value
def replace(meter, value, old, new, count=None):
	return replace_text(meter, text_of(value), text_of(old), text_of(new), -1 if count is None else count)


@on_value
def truncate(meter, value, length=255, killwords=False, end="…"):
	"""At most `length` characters, `end` included; between words unless `killwords`."""
	text = text_of(value)
	if len(text) <= length:
		return text
	head = text[: max(0, length - len(end))]
	return (head if killwords else head.rsplit(" ", 1)[0]) + end


@pass_context
def default(context, value, default_value="", boolean=False):
	"""`default_value` for a value that is missing, None or an empty text (Frappe stores empty fields as either).

	With `boolean`, for 0 and False too.
	"""
	empty = value is None or isinstance(value, Undefined) or value == ""
	return default_value if empty or (boolean and not value) else value


def _attribute(value: object, attribute: str | None) -> object:
	return value if attribute is None else field(value, str(attribute), str(attribute))


@on_list
def join(meter, items, separator="", attribute=None):
	texts = [text_of(_attribute(item, attribute)) for item in items]
	meter.read(sum(map(len, texts)) + len(texts) * len(text_of(separator)))
	if any(isinstance(text, Markup) for text in texts):
		return escape(separator).join(texts)
	return separator.join(texts)


@on_list
def first(meter, items):
	return items[0] if items else None


@on_list
def last(meter, items):
	return items[-1] if items else None


@on_list
def sort(meter, items, reverse=False, attribute=None):
	"""By the values themselves or by one field; empty values come first, capitals count as small letters."""

	def key(item: object) -> tuple:
		value = _attribute(item, attribute)
		if value is None or isinstance(value, Undefined):
			return (0, 0)
		return (1, value if isinstance(value, NUMBERS) else text_of(value).lower())

	return sorted(items, key=key, reverse=bool(reverse))


@on_list
def total(meter, items, attribute=None, start=0):
	"""The sum of numbers, or of one field of each entry; empty ones count as 0."""
	values = [_attribute(item, attribute) for item in items]
	result = start
	for value in values:
		result, addend = alike(result, number(value))
		result += addend
	return result


@on_value
def absolute(meter, value):
	return abs(number(value))


@on_value
def round_number(meter, value, precision=0, method="common"):
	"""Half up, as people round; `method` may be "ceil" or "floor"."""
	return rounded(number(value), precision, ROUNDING[method])


@on_value
def format_number(meter, value, digits=2, thousands=",", decimal="."):
	"""1234.5|format_number(2, ".", ",") is 1.234,50."""
	if not abs(number(value)) < 10**LONGEST_NUMBER:
		raise Refused("the number is too large")
	plain = f"{rounded(number(value), digits):,f}"
	swap = {",": text_of(thousands), ".": text_of(decimal)}
	return "".join(swap.get(character, character) for character in plain)


@on_value
def format_date(meter, value, pattern="%Y-%m-%d"):
	"""A date, a time, a datetime or the ISO text of one, written as strftime does; other texts stay as they are."""
	if isinstance(value, str):
		try:
			value = datetime.fromisoformat(value.strip())
		except ValueError:
			return value
	if not isinstance(value, (date, time)):
		raise Refused(f"a {type(value).__name__} is not a date")
	return format_time(meter, value, pattern)


@on_value
def urlencode(meter, value):
	"""The value percent-encoded for a part of a URL (RFC 3986), "/" too."""
	return quote(text_of(value), safe="")


@on_value
def escape_html(meter, value):
	return escape(text_of(value))


@on_value
def lines_to_html(meter, value):
	"""Escaped, with <br> for each line end."""
	return Markup("<br>").join(text_of(value).splitlines())


@on_value
def unchanged(meter, value):
	return value


@pass_context
def length(context, value):
	return count(value)


COMMON: Mapping[str, Callable] = {
	"upper": _method("upper"),
	"lower": _method("lower"),
	"title": _method("title"),
	"capitalize": _method("capitalize"),
	"trim": trim,
	"replace": replace,
	"truncate": truncate,
	"default": default,
	"d": default,
	"join": join,
	"first": first,
	"last": last,
	"sort": sort,
	"sum": total,
	"list": on_list(lambda meter, items: items),
	"length": length,
	"count": length,
	"int": to_int,
	"float": to_float,
	"abs": absolute,
	"round": round_number,
	"format_number": format_number,
	"format_date": format_date,
	"urlencode": urlencode,
}
HTML_FILTERS = {**COMMON, "escape": escape_html, "e": escape_html, "nl2br": lines_to_html}
# A subject and a text part are not HTML, so there is nothing to escape in them
TEXT_FILTERS = {**COMMON, "escape": unchanged, "e": unchanged, "nl2br": unchanged}
