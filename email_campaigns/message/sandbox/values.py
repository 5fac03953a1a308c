"""The look-ups that a template may do in a value: items of mappings and lists, and a few harmless methods.

Attributes of Python objects are never looked up. A name after a dot is an item of a mapping (so `doc.items`
is the field, not the method of dict), one of the METHODS below, or a counter of a loop.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar, cast

from jinja2 import Undefined
from jinja2.runtime import LoopContext
from markupsafe import Markup, escape

from email_campaigns.message.errors import Refused
from email_campaigns.message.sandbox.kinds import (
	ENTRY,
	LISTS,
	LONGEST_KEY,
	Check,
	Function,
	Permitted,
	anything,
	is_empty,
	kind_of,
	optional,
	takes,
	text,
	whole,
)
from email_campaigns.message.sandbox.limits import WIDE, Meter, escaped_size, search_size, size
from email_campaigns.text import Sentence, _lt

NO_VALUE = _lt("{0} has no value")
LOOP_FIELDS = frozenset(
	[
		"index",
		"index0",
		"revindex",
		"revindex0",
		"first",
		"last",
		"length",
		"depth",
		"depth0",
		"previtem",
		"nextitem",
	]
)
# Widths and flags of the C library's strftime can ask for megabytes
SAFE_STRFTIME = re.compile(r"(?:[^%]|%-?[A-Za-z%]){0,100}\Z")
DIRECTIVE = 100  # the characters that each of a pattern of strftime counts for: the time that %c takes
MOST_STRIPPED = 100
GROWTH = 3  # characters that one has at most in other capitals: Python's upper() of "ΐ"
ABSENT = object()
T = TypeVar("T")


class Missing(Undefined):
	"""A field that has no value. It renders empty with a warning; its own fields are Missing too."""

	__slots__ = ()

	@property
	def path(self) -> str | Sentence:
		"""How the template names the field: doc.first_name."""
		return self._undefined_name or Sentence(_lt("a value"))

	@property
	def _undefined_message(self) -> Sentence:  # type: ignore[override]  # Jinja only hands it on to UndefinedError
		return Sentence(NO_VALUE, self.path)


def field(value: object, name: str, path: str) -> object:
	"""Return `value.name` or `value["name"]`, or a Missing of this path where there is none. Never raises."""
	# The first test is the fast one, for nearly all look-ups
	if type(value) is dict or isinstance(value, Mapping):
		inner = value.get(name, ABSENT)
		if inner is not ABSENT:
			return inner
	elif isinstance(value, LoopContext) and name in LOOP_FIELDS:
		return getattr(value, name)
	method = _method(value, name)
	return Missing(name=path) if method is None else method


def item(value: object, key: object, path: str) -> object:
	"""Return `value[key]` for a computed key: a field of a mapping, a position in a list or text.

	Never raises.
	"""
	if isinstance(key, str):
		return field(value, str(key), path) if len(key) <= LONGEST_KEY else Missing(name=path)
	if isinstance(value, Sequence) and isinstance(key, int) and -len(value) <= key < len(value):
		return value[key]
	return Missing(name=path)


def cut(meter: Meter, value: object, start: object, stop: object, step: object) -> object:
	"""Return `value[start:stop:step]` of a text or list. Raises Refused for anything else."""
	if is_empty(value):
		return value
	if not isinstance(value, (str, *LISTS)):
		raise Refused(_lt("only a text or a list has a part [a:b]"))
	bounds = slice(*(BOUND(meter, bound) for bound in (start, stop, step)))
	if not isinstance(value, range):
		length = len(range(*bounds.indices(len(value))))
		meter.read(length * (ENTRY if not isinstance(value, str) else 1 if value.isascii() else WIDE))
	return value[bounds]


def iterable(value: object) -> Collection[Any] | Undefined:
	"""Return the entries for a loop or a list filter; none for None and Missing.

	Raises Refused for a number.
	"""
	if value is None:
		return ()
	if isinstance(value, (str, *LISTS, Mapping, Undefined)):
		return value
	raise Refused(_lt("{0} is not a list"), kind_of(value))


def count(value: object) -> int:
	"""Return the number of characters or entries; 0 for None and Missing."""
	return len(iterable(value))


def replace_text(meter: Meter, value: str, old: str, new: str, count: int | None = None) -> str:
	"""Do what str.replace does, and count the result before it is built."""
	old, new = str(old), str(new)
	sought, put = old, new
	if isinstance(value, Markup):
		# Its method escapes both
		meter.read(escaped_size(old) + escaped_size(new))
		sought, put = escape(old), escape(new)
	meter.read(search_size(value, old) + search_size(value, sought))
	places = value.count(old)
	places = places if count is None or count < 0 else min(places, count)
	width = 1 if value.isascii() and put.isascii() else WIDE
	meter.read(width * (len(value) + places * len(put)))
	return value.replace(old, new, places)


def _sought(meter: Meter, value: object) -> str | None:
	return None if value is None else text(meter, value)


def _replace(meter: Meter, value: str, old: str | None, new: str, count: int | None = None) -> str:
	# None is found nowhere; an empty text would be found between all characters
	return value if old is None else replace_text(meter, value, old, new, count)


def format_time(meter: Meter, value: date | time, pattern: str) -> str:
	"""Do what Python's strftime does, with plain directives such as %d.%m.%Y, at most 100 of them."""
	if not SAFE_STRFTIME.match(pattern):
		raise Refused(_lt("{0} is not a date format; write it like %d.%m.%Y"), f"“{pattern[:60]}”")
	meter.read(DIRECTIVE * len(pattern))
	return value.strftime(pattern)


def change_case(name: str) -> Callable[..., str]:
	"""Return Python's method of that name, which takes nothing and may make three characters of one."""

	def call(meter: Meter, value: str) -> str:
		meter.read(GROWTH * size(value))
		return cast(str, getattr(value, name)())

	return _named(call, name)


def strip(name: str) -> Callable[..., str]:
	"""Return Python's method of that name, which looks for every character of the text among `chars`."""

	def call(meter: Meter, value: str, chars: str | None = None) -> str:
		if chars is not None and len(chars) > MOST_STRIPPED:
			raise Refused(_lt("{0} takes at most {1} characters to remove"), name, MOST_STRIPPED)
		return cast(str, getattr(value, name)(chars))

	return _named(call, name)


def _find_at(name: str) -> Function:
	def call(meter: Meter, value: str, part: Any, start: int | None = None, end: int | None = None) -> bool:
		return cast(bool, getattr(value, name)(part, start, end))

	return _named(call, name)


def _texts(meter: Meter, value: object) -> str | tuple[str, ...]:
	if isinstance(value, tuple):
		meter.read(ENTRY * len(value))
		return tuple(text(meter, part) for part in value)
	return text(meter, value)


def _named(function: Callable[..., T], name: str) -> Callable[..., T]:
	function.__name__ = name
	return function


def _get(meter: Meter, value: Mapping[object, object], name: object, default: object = None) -> object:
	if isinstance(name, int) or (isinstance(name, str) and len(name) <= LONGEST_KEY):
		return value.get(name, default)
	return default


def _split(meter: Meter, value: str, sep: str | None = None, maxsplit: int = -1) -> list[str]:
	meter.read(ENTRY * len(value) + (search_size(value, sep) if sep else 0))
	return value.split(sep, maxsplit)


def _cycle(meter: Meter, loop: LoopContext, *options: object) -> object:
	return loop.cycle(*options)


def _isoformat(meter: Meter, value: datetime, sep: str = "T", timespec: str = "auto") -> str:
	return value.isoformat(sep, timespec)


def _iso_time(meter: Meter, value: time, timespec: str = "auto") -> str:
	return value.isoformat(timespec)


BOUND: Check = optional(whole)
STR_METHODS: dict[str, Function] = {
	**{name: takes(text)(change_case(name)) for name in ("upper", "lower", "title", "capitalize")},
	**{name: takes(text, optional(text))(strip(name)) for name in ("strip", "lstrip", "rstrip")},
	**{name: takes(text, _texts, BOUND, BOUND)(_find_at(name)) for name in ("startswith", "endswith")},
	"split": takes(text, optional(text), whole)(_split),
	"replace": takes(text, _sought, text, BOUND)(_replace),
}
DATE_METHODS: dict[str, Function] = {
	"strftime": takes(anything, text)(format_time),
	"isoformat": takes(anything)(lambda meter, value: value.isoformat()),
	"weekday": takes(anything)(lambda meter, value: value.weekday()),
}
METHODS: dict[type, dict[str, Function]] = {
	str: STR_METHODS,
	datetime: DATE_METHODS | {"isoformat": takes(anything, text, text)(_isoformat)},
	date: DATE_METHODS,
	time: {
		"isoformat": takes(anything, text)(_iso_time),
		"strftime": DATE_METHODS["strftime"],
	},
	Mapping: {"get": takes(anything, anything, anything)(_get)},
	LoopContext: {"cycle": _cycle},
}


def _method(value: object, name: str) -> Permitted | None:
	for kind, methods in METHODS.items():
		if isinstance(value, kind):
			return Permitted(methods[name], value) if name in methods else None
	return None
