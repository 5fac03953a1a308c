"""The filters that a template may use: formatting only, each counting the text that it reads.

A value that is None or Missing goes through a filter unchanged, so that it renders empty and its warning
stays. There is no `safe`: the values of a recipient's record are always escaped in HTML, whoever wrote them
there. The arguments come from templates, and are checked by what the filters do with them.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.limits import Meter
from email_campaigns.message.numbers import LONGEST_NUMBER, ROUNDING, add, number, rounded, to_float, to_int
from email_campaigns.message.slots import Filling
from email_campaigns.message.values import (
	ENTRY,
	NUMBERS,
	STR_METHODS,
	Function,
	Number,
	count,
	field,
	format_time,
	iterable,
	replace_text,
	text_of,
	weigh,
)
from email_campaigns.text import _lt


class MailContext(Context):
	"""One rendering of one part: its values, its meter and what fills its slots."""

	meter: Meter
	filling: Filling


def on_value(function: Function) -> Function:
	"""Make a filter of a function of (meter, value, …): it passes None and Missing on and counts sizes."""

	@pass_context
	@wraps(function)
	def call(context: MailContext, value: object, *args: object, **kwargs: object) -> object:
		if value is None or isinstance(value, Undefined):
			return value
		return function(context.meter, weigh(context.meter, value), *args, **kwargs)

	return call


def on_list(function: Function) -> Function:
	"""Make a filter of a function of (meter, list, …): None and Missing are the empty list."""

	@pass_context
	@wraps(function)
	def call(context: MailContext, value: object, *args: object, **kwargs: object) -> object:
		entries = iterable(value)
		weigh(context.meter, entries)
		items = list(entries)
		context.meter.read(ENTRY * len(items))
		return function(context.meter, items, *args, **kwargs)

	return call


def _method(name: str) -> Function:
	return on_value(lambda meter, value: getattr(text_of(value), name)())


@on_value
def trim(meter: Meter, value: object, chars: str | None = None) -> object:
	"""Remove spaces, or these characters, at both ends."""
	return STR_METHODS["strip"](meter, text_of(value), chars)


@on_value
def replace(meter: Meter, value: object, old: object, new: object, count: int | None = None) -> str:
	"""Replace one text by another, at most `count` times."""
	return replace_text(meter, text_of(value), text_of(old), text_of(new), -1 if count is None else count)


@on_value
def truncate(meter: Meter, value: object, length: int = 255, killwords: bool = False, end: str = "…") -> str:
	"""Cut a text to `length` characters, `end` included; between words unless `killwords`."""
	text = text_of(value)
	if len(text) <= length:
		return text
	head = text[: max(0, length - len(end))]
	return (head if killwords else head.rsplit(" ", 1)[0]) + end


@pass_context
def default(context: MailContext, value: object, default_value: object = "", boolean: bool = False) -> object:
	"""Return `default_value` for a value that is missing, None or "" (Frappe stores empty fields as either).

	With `boolean`, do so for 0 and False too.
	"""
	empty = value is None or isinstance(value, Undefined) or value == ""
	return default_value if empty or (boolean and not value) else value


def _attribute(value: object, attribute: str | None) -> object:
	return value if attribute is None else field(value, str(attribute), str(attribute))


@on_list
def join(meter: Meter, items: list[object], separator: str = "", attribute: str | None = None) -> str:
	"""Join the entries, or one field of each; the result is escaped where one of them is markup."""
	texts = [text_of(_attribute(item, attribute)) for item in items]
	meter.read(sum(map(len, texts)) + len(texts) * len(text_of(separator)))
	if any(isinstance(text, Markup) for text in texts):
		return escape(separator).join(texts)
	return separator.join(texts)


@on_list
def first(meter: Meter, items: list[object]) -> object:
	"""Return the first entry, or None."""
	return items[0] if items else None


@on_list
def last(meter: Meter, items: list[object]) -> object:
	"""Return the last entry, or None."""
	return items[-1] if items else None


@on_list
def sort(
	meter: Meter, items: list[object], reverse: bool = False, attribute: str | None = None
) -> list[object]:
	"""Sort by the values or by one field; empty values come first, capitals count as small letters."""

	def key(item: object) -> tuple[int, Any]:
		value = _attribute(item, attribute)
		if value is None or isinstance(value, Undefined):
			return (0, 0)
		return (1, value if isinstance(value, NUMBERS) else text_of(value).lower())

	return sorted(items, key=key, reverse=bool(reverse))


@on_list
def total(meter: Meter, items: list[object], attribute: str | None = None, start: object = 0) -> object:
	"""Return the sum of the numbers, or of one field of each entry; empty ones count as 0."""
	result = start
	for item in items:
		result = add(result, number(_attribute(item, attribute)))
	return result


@on_value
def absolute(meter: Meter, value: object) -> Number:
	"""Return the number without its sign."""
	return cast(Number, abs(number(value)))


@on_value
def round_number(meter: Meter, value: object, precision: int = 0, method: str = "common") -> Decimal:
	"""Round half up, as people do; `method` may be "ceil" or "floor"."""
	return rounded(number(value), precision, ROUNDING[method])


@on_value
def format_number(
	meter: Meter, value: object, digits: int = 2, thousands: object = ",", decimal: object = "."
) -> str:
	"""Write a number: 1234.5|format_number(2, ".", ",") is 1.234,50.

	Raises Refused for one of over 100 digits.
	"""
	if not abs(number(value)) < 10**LONGEST_NUMBER:
		raise Refused(_lt("the number is too large"))
	plain = f"{rounded(number(value), digits):,f}"
	swap = {",": text_of(thousands), ".": text_of(decimal)}
	return "".join(swap.get(character, character) for character in plain)


@on_value
def format_date(meter: Meter, value: object, pattern: object = "%Y-%m-%d") -> str:
	"""Write a date, a time, a datetime or the ISO text of one as strftime does; other texts stay as is."""
	if isinstance(value, str):
		text = value
		try:
			value = datetime.fromisoformat(text.strip())
		except ValueError:
			return text
	if not isinstance(value, (date, time)):
		raise Refused(_lt("a {0} is not a date"), type(value).__name__)
	return format_time(meter, value, pattern)


@on_value
def urlencode(meter: Meter, value: object) -> str:
	"""Percent-encode the value for a part of a URL (RFC 3986), "/" too."""
	return quote(text_of(value), safe="")


@on_value
def escape_html(meter: Meter, value: object) -> Markup:
	"""Escape the signs of HTML, as every output in HTML does already."""
	return escape(text_of(value))


@on_value
def lines_to_html(meter: Meter, value: object) -> Markup:
	"""Escape the text, and write <br> for each line end."""
	return Markup("<br>").join(text_of(value).splitlines())


@on_value
def unchanged(meter: Meter, value: object) -> object:
	"""Return the value as it is: what the filters for HTML do in a subject or text part."""
	return value


@pass_context
def length(context: MailContext, value: object) -> int:
	"""Return the number of characters or entries."""
	return count(value)


COMMON: Mapping[str, Function] = {
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
# A subject and a text part are not HTML, so nothing is escaped in them
TEXT_FILTERS = {**COMMON, "escape": unchanged, "e": unchanged, "nl2br": unchanged}
