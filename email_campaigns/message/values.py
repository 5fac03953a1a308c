"""The look-ups that a template may do in a value: items of mappings and lists, and a few harmless methods.

Attributes of Python objects are never looked up. A name after a dot is an item of a mapping (so `doc.items`
is the field, not the method of dict), one of the METHODS below, or a counter of a loop.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from jinja2 import Undefined
from jinja2.runtime import LoopContext

from email_campaigns.message.errors import Refused
from email_campaigns.message.limits import Meter
from email_campaigns.text import Sentence, _lt

Number: TypeAlias = int | float | Decimal
# Gets a Meter first, then what it works on; the arguments come from a template and may be anything.
Function: TypeAlias = Callable[..., Any]

NO_VALUE = _lt("{0} has no value")
SCALARS = (str, int, float, Decimal, date, time, timedelta)
NUMBERS = (int, float, Decimal)
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
ENTRY = 64  # the characters that an entry of a list counts for: the memory that it takes
MOST_STRIPPED = 100
ABSENT = object()


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
		return field(value, str(key), path)
	if isinstance(value, Sequence) and isinstance(key, int) and -len(value) <= key < len(value):
		return value[key]
	return Missing(name=path)


def cut(meter: Meter, value: object, start: Any, stop: Any, step: Any) -> object:
	"""Return `value[start:stop:step]` of a text or list. Raises Refused for anything else."""
	if isinstance(value, Undefined) or value is None:
		return value
	if not isinstance(value, (str, list, tuple, range)):
		raise Refused(_lt("only a text or a list has a part [a:b]"))
	weigh(meter, value)
	return value[start:stop:step]


def weigh(meter: Meter, value: object) -> object:
	"""Return `value` as it is and count its size: to compare, copy or search it takes that much work."""
	if isinstance(value, str):
		meter.read(len(value))
	elif isinstance(value, Mapping):
		meter.read(ENTRY * len(value))
		for inner in value.values():
			weigh(meter, inner)
	elif isinstance(value, (list, tuple)):
		meter.read(ENTRY * len(value))
		for inner in value:
			weigh(meter, inner)
	return value


def text_of(value: object) -> str:
	"""Return the text of a single value; Markup stays Markup. Raises Refused for a list or a record."""
	if isinstance(value, str):
		return value
	if value is None or isinstance(value, Undefined):
		return ""
	if isinstance(value, SCALARS):
		return str(value)
	raise Refused(_lt("a {0} has no text; loop over it or use |join"), type(value).__name__)


def iterable(value: object) -> Collection[Any] | Undefined:
	"""Return the entries for a loop or a list filter; none for None and Missing.

	Raises Refused for a number.
	"""
	if value is None:
		return ()
	if isinstance(value, (str, list, tuple, range, Mapping, Undefined)):
		return value
	raise Refused(_lt("a {0} is not a list"), type(value).__name__)


def count(value: object) -> int:
	"""Return the number of characters or entries; 0 for None and Missing."""
	return len(iterable(value))


def replace_text(meter: Meter, text: str, old: str, new: str, at_most: int = -1) -> str:
	"""Do what str.replace does, and count the result before it is built."""
	text, old, new = text if isinstance(text, str) else str(text), str(old), str(new)
	places = text.count(old) if at_most is None or at_most < 0 else min(text.count(old), at_most)
	meter.read(len(text) + places * max(0, len(new) - len(old)))
	return text.replace(old, new, places)


def format_time(meter: Meter, value: date | time, pattern: object) -> str:
	"""Do what Python's strftime does, with plain directives such as %d.%m.%Y, at most 100 of them."""
	if not SAFE_STRFTIME.match(str(pattern)):
		raise Refused(_lt("{0} is not a date format; write it like %d.%m.%Y"), f"{pattern!r:.60}")
	return value.strftime(str(pattern))


def _metered(name: str) -> Function:
	"""Return Python's method of that name, its reading counted. Arguments are texts or small numbers."""

	def call(meter: Meter, value: object, *args: object) -> object:
		weigh(meter, value)
		return getattr(value, name)(*args)

	return call


def _metered_strip(name: str) -> Function:
	def call(meter: Meter, value: str, characters: str | None = None) -> object:
		# Every character of the text is looked for among them
		if characters is not None and len(characters) > MOST_STRIPPED:
			raise Refused(_lt("{0} takes at most {1} characters to remove"), name, MOST_STRIPPED)
		weigh(meter, value)
		return getattr(value, name)(characters)

	return call


def _get(meter: Meter, value: Mapping[object, object], name: object, default: object = None) -> object:
	return value.get(name, default) if isinstance(name, (str, int)) else default


def _split(meter: Meter, value: str, separator: str | None = None, at_most: int = -1) -> list[str]:
	meter.read(ENTRY * len(value))
	return value.split(separator, at_most)


def _cycle(meter: Meter, loop: LoopContext, *options: object) -> object:
	return loop.cycle(*options)


STR_METHODS: dict[str, Function] = {
	name: _metered(name) for name in ["upper", "lower", "title", "capitalize", "startswith", "endswith"]
}
STR_METHODS |= {name: _metered_strip(name) for name in ("strip", "lstrip", "rstrip")}
STR_METHODS |= {"split": _split, "replace": replace_text}
DATE_METHODS: dict[str, Function] = {"isoformat": _metered("isoformat"), "weekday": _metered("weekday")}
METHODS: dict[type, dict[str, Function]] = {
	str: STR_METHODS,
	datetime: DATE_METHODS | {"strftime": format_time},
	date: DATE_METHODS | {"strftime": format_time},
	time: {"isoformat": _metered("isoformat"), "strftime": format_time},
	Mapping: {"get": _get},
	LoopContext: {"cycle": _cycle},
}


def _method(value: object, name: str) -> Permitted | None:
	for kind, methods in METHODS.items():
		if isinstance(value, kind):
			return Permitted(methods[name], value) if name in methods else None
	return None
