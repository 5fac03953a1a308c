"""The filters that a template may use: formatting only, each with the kinds of its arguments.

A value that is None or Missing goes through a filter unchanged, so that it renders empty and its warning
stays. There is no `safe`: the values of a recipient's record are always escaped in HTML, whoever wrote them
there.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import Markup, escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.mime.slots import IN_QUERY, Filling
from email_campaigns.message.sandbox.kinds import (
	ENTRY,
	NUMBERS,
	TOO_LARGE,
	Check,
	Function,
	Number,
	anything,
	choice,
	flag,
	is_empty,
	kind_of,
	optional,
	takes,
	text,
	whole,
)
from email_campaigns.message.sandbox.limits import Meter, escaped_size
from email_campaigns.message.sandbox.names import RESERVED
from email_campaigns.message.sandbox.numbers import (
	LONGEST_NUMBER,
	ROUNDING,
	calculated,
	numeric,
	rounded,
	to_float,
	to_int,
)
from email_campaigns.message.sandbox.operators import ARITHMETIC
from email_campaigns.message.sandbox.values import (
	STR_METHODS,
	change_case,
	count,
	field,
	format_time,
	iterable,
	replace_text,
	strip,
)
from email_campaigns.text import _lt

LONGEST_ISO = 64  # characters of a date
LONGEST_SIGN = 10  # characters between the digits of a number
QUOTED = 12  # characters that percent-encoding makes of one at most
QUOTED_CHARACTER = 8  # the characters that each of these counts for: Python encodes them one by one
SORTED = 3  # the entries that one counts for, besides itself, to be sorted
LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"  # of str.splitlines


class MailContext(Context):
	"""One rendering of one part: its values, its meter and what fills its slots."""

	meter: Meter
	filling: Filling

	def resolve_or_missing(self, key: str) -> object:
		"""Return the value of a name; one that has none is a field of the record (names.py)."""
		if key in self.vars:
			return self.vars[key]
		if key in self.parent:
			return self.parent[key]
		record = None if key in RESERVED else self.parent.get("doc")
		return record.get(key, missing) if isinstance(record, Mapping) else missing


def on_value(kind: Check, *checks: Check) -> Callable[[Function], Function]:
	"""Make a filter of a function of (meter, value, …), whose arguments are of these kinds.

	It passes None and Missing on.
	"""

	def decorate(function: Function) -> Function:
		checked = takes(kind, *checks)(function)

		@pass_context
		@wraps(checked)
		def call(context: MailContext, value: object, *args: object, **kwargs: object) -> object:
			return value if is_empty(value) else checked(context.meter, value, *args, **kwargs)

		return call

	return decorate


def on_list(*checks: Check) -> Callable[[Function], Function]:
	"""Make a filter of a function of (meter, list, …): None and Missing are the empty list."""

	def decorate(function: Function) -> Function:
		checked = takes(_entries, *checks)(function)

		@pass_context
		@wraps(checked)
		def call(context: MailContext, value: object, *args: object, **kwargs: object) -> object:
			return checked(context.meter, value, *args, **kwargs)

		return call

	return decorate


def _entries(meter: Meter, value: object) -> list[object]:
	entries = iterable(value)
	meter.read(ENTRY * len(entries))
	return list(entries)


_strip = strip("strip")


@on_value(text, optional(text))
def trim(meter: Meter, value: str, chars: str | None = None) -> str:
	"""Remove spaces, or these characters, at both ends."""
	return _strip(meter, value, chars)


@on_value(text, text, text, optional(whole))
def replace(meter: Meter, value: str, old: str, new: str, count: int | None = None) -> str:
	"""Replace one text by another, at most `count` times."""
	return replace_text(meter, value, old, new, count)


@on_value(text, whole, flag, text)
def truncate(meter: Meter, value: str, length: int = 255, killwords: bool = False, end: str = "…") -> str:
	"""Cut a text to `length` characters, `end` included; between words unless `killwords`."""
	if len(value) <= length:
		return value
	meter.read(escaped_size(end))
	head = value[: max(0, length - len(end))]
	return (head if killwords else head.rsplit(" ", 1)[0]) + end


@pass_context
def default(context: MailContext, value: object, default_value: object = "", boolean: bool = False) -> object:
	"""Return `default_value` for a value that is missing, None or "" (Frappe stores empty fields as either).

	With `boolean`, do so for 0 and False too.
	"""
	empty = is_empty(value) or (isinstance(value, str) and not value)
	return default_value if empty or (boolean and not value) else value


def _attribute(value: object, attribute: str | None) -> object:
	return value if attribute is None else field(value, attribute, attribute)


@on_list(text, optional(text))
def join(meter: Meter, items: list[object], separator: str = "", attribute: str | None = None) -> str:
	"""Join the entries, or one field of each; the result is escaped where one of them is markup."""
	texts = [text(meter, _attribute(item, attribute)) for item in items]
	meter.read(sum(map(escaped_size, texts)) + len(texts) * (ENTRY + escaped_size(separator)))
	if any(isinstance(part, Markup) for part in texts):
		return escape(separator).join(texts)
	return separator.join(texts)


@on_list()
def first(meter: Meter, items: list[object]) -> object:
	"""Return the first entry, or None."""
	return items[0] if items else None


@on_list()
def last(meter: Meter, items: list[object]) -> object:
	"""Return the last entry, or None."""
	return items[-1] if items else None


@on_list()
def as_list(meter: Meter, items: list[object]) -> list[object]:
	"""Return the entries, or the characters of a text, as a list."""
	return items


@on_list(flag, optional(text))
def sort(
	meter: Meter, items: list[object], reverse: bool = False, attribute: str | None = None
) -> list[object]:
	"""Sort by the values or by one field; empty values come first, capitals count as small letters."""
	meter.read(ENTRY * SORTED * len(items))
	values = [_attribute(item, attribute) for item in items]
	keys = [_sort_key(meter, value) for value in values]
	if len({isinstance(key[1], str) for key in keys if key[0]}) > 1:
		raise Refused(_lt("numbers and texts cannot be sorted together"))
	order = sorted(range(len(items)), key=keys.__getitem__, reverse=reverse)
	return [items[place] for place in order]


def _sort_key(meter: Meter, value: object) -> tuple[int, Any]:
	if is_empty(value):
		return (0, 0)
	return (1, value if isinstance(value, NUMBERS) else STR_METHODS["lower"](meter, value))


@on_list(optional(text), numeric)
def total(meter: Meter, items: list[object], attribute: str | None = None, start: Number = 0) -> object:
	"""Return the sum of the numbers, or of one field of each entry; empty ones count as 0."""
	result: object = start
	for item in items:
		result = calculated(ARITHMETIC["+"], result, numeric(meter, _attribute(item, attribute)))
	return result


@on_value(numeric)
def absolute(meter: Meter, value: Number) -> Number:
	"""Return the number without its sign."""
	return cast(Number, abs(value))


@on_value(numeric, whole, choice(*ROUNDING))
def round_number(meter: Meter, value: Number, precision: int = 0, method: str = "common") -> Decimal:
	"""Round half up, as people do; `method` may be "ceil" or "floor"."""
	return rounded(value, precision, ROUNDING[method])


@on_value(numeric, whole, text, text)
def format_number(
	meter: Meter, value: Number, digits: int = 2, thousands: str = ",", decimal: str = "."
) -> str:
	"""Write a number: 1234.5|format_number(2, ".", ",") is 1.234,50.

	Raises Refused for one of over 100 digits.
	"""
	if not abs(value) < 10**LONGEST_NUMBER:
		raise Refused(TOO_LARGE)
	if len(thousands) + len(decimal) > LONGEST_SIGN:
		raise Refused(_lt("the signs between digits have at most {0} characters"), LONGEST_SIGN)
	plain = f"{rounded(value, digits):,f}"
	swap = {",": thousands, ".": decimal}
	return "".join(swap.get(character, character) for character in plain)


@on_value(anything, text)
def format_date(meter: Meter, value: object, pattern: str = "%Y-%m-%d") -> str:
	"""Write a date, a time, a datetime or the ISO text of one as strftime does; other texts stay as is."""
	if isinstance(value, str):
		iso = text(meter, value)
		try:
			value = datetime.fromisoformat(iso.strip() if len(iso) <= LONGEST_ISO else "")
		except ValueError:
			return iso
	if not isinstance(value, (date, time)):
		raise Refused(_lt("{0} is not a date"), kind_of(value))
	return format_time(meter, value, pattern)


@on_value(text)
def urlencode(meter: Meter, value: str) -> str:
	"""Percent-encode the value for a part of a URL (RFC 3986), "/" too."""
	meter.read(QUOTED * QUOTED_CHARACTER * len(value))
	return quote(value, safe="")


@on_value(text)
def escape_html(meter: Meter, value: str) -> Markup:
	"""Escape the signs of HTML, as every output in HTML does already."""
	meter.read(escaped_size(value))
	return escape(value)


@on_value(text)
def lines_to_html(meter: Meter, value: str) -> Markup:
	"""Escape the text, and write <br> for each line end."""
	meter.read(escaped_size(value) + ENTRY * sum(map(value.count, LINE_ENDS)))
	return Markup("<br>".join(str(escape(value)).splitlines()))


@on_value(anything)
def unchanged(meter: Meter, value: object) -> object:
	"""Return the value as it is: what the filters for HTML do in a subject or text part."""
	return value


@pass_context
def length(context: MailContext, value: object) -> int:
	"""Return the number of characters or entries."""
	return count(value)


def _measured(meter: Meter, value: object) -> object:
	return text(meter, value) if isinstance(value, str) else value


@pass_context
def as_int(context: MailContext, value: object, default: object = 0) -> int:
	"""Return the whole part of the number in a value, or `default`."""
	return to_int(_measured(context.meter, value), numeric(context.meter, default))


@pass_context
def as_float(context: MailContext, value: object, default: object = 0.0) -> float:
	"""Return the number in a value, or `default`."""
	return to_float(_measured(context.meter, value), numeric(context.meter, default))


COMMON: Mapping[str, Function] = {
	**{name: on_value(text)(change_case(name)) for name in ("upper", "lower", "title", "capitalize")},
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
	"list": as_list,
	"length": length,
	"count": length,
	"int": as_int,
	"float": as_float,
	"abs": absolute,
	"round": round_number,
	"format_number": format_number,
	"format_date": format_date,
	"urlencode": urlencode,
	# What query_values.py writes: a slot, unlike the filter that people write
	IN_QUERY: urlencode,
}
HTML_FILTERS = {**COMMON, "escape": escape_html, "e": escape_html, "nl2br": lines_to_html}
# A subject and a text part are not HTML, so nothing is escaped in them
TEXT_FILTERS = {**COMMON, "escape": unchanged, "e": unchanged, "nl2br": unchanged}
