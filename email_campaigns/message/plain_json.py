"""JSON as it is stored with sent mails: compact, and such that a search for an address finds it. Pure.

Line breaks and tabs stand as they are. As escapes they would put a letter before the address at the start of
a line, and the search would take it for a part of a longer one. Dates, decimal numbers and bytes are objects
with one key, which starts with a $, as no field's name does.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

_ESCAPE = re.compile(r"\\(.)")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_READERS: dict[str, Callable[[str], object]] = {
	"$datetime": datetime.fromisoformat,
	"$date": date.fromisoformat,
	"$time": time.fromisoformat,
	"$microseconds": lambda text: timedelta(microseconds=int(text)),
	"$decimal": Decimal,
	"$bytes": b64decode,
}


def write_json(value: object, *, sort_keys: bool = False) -> str:
	"""Return a value as JSON. Raises TypeError for one that is neither JSON nor a plain value of a field."""
	text = (_SORTED if sort_keys else _UNSORTED).encode(value)
	return _ESCAPE.sub(lambda match: _CONTROLS.get(match[1], match[0]), text) if "\\" in text else text


def load_json(text: str) -> object:
	"""Return the value that write_json() wrote."""
	return json.loads(text, strict=False, object_hook=_untagged)


def _tagged(value: object) -> dict[str, str]:
	if isinstance(value, datetime):
		return {"$datetime": value.isoformat()}
	if isinstance(value, date):
		return {"$date": value.isoformat()}
	if isinstance(value, time):
		return {"$time": value.isoformat()}
	if isinstance(value, timedelta):
		return {"$microseconds": str(value // timedelta(microseconds=1))}
	if isinstance(value, Decimal):
		return {"$decimal": str(value)}
	if isinstance(value, bytes):
		return {"$bytes": b64encode(value).decode()}
	raise TypeError(f"A {type(value).__name__} is no plain value.")


# Made once: json.dumps would make one for each mail.
_UNSORTED, _SORTED = (
	json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=sort_keys, default=_tagged)
	for sort_keys in (False, True)
)


def _untagged(values: dict[str, object]) -> object:
	if len(values) == 1:
		((tag, text),) = values.items()
		if isinstance(text, str) and (reader := _READERS.get(tag)):
			return reader(text)
	return values
