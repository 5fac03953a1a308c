"""Values of a provider's JSON, whatever they turn out to be. Pure: nothing here raises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from email_campaigns.inbound.values import Clues

LONGEST = 998  # characters that are kept of a text (RFC 5322 2.1.1: of a line)
MESSAGE_ID_KEYS = ("message-id", "message_id")  # in what a sender has added to a mail for the provider
_LONGEST_ID = 255
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def text(value: Any) -> str:
	"""Return a text or number in one line; "" for anything else."""
	if isinstance(value, bool) or not isinstance(value, str | int | float):
		return ""
	line = _BLANKS.sub(" ", str(value)[: 2 * LONGEST]).strip()[:LONGEST]
	return line.encode("utf-8", "replace").decode()  # without halves of surrogate pairs


def first_text(event: Mapping[str, Any], *keys: str) -> str:
	"""Return the first of the values under `keys` that is a text."""
	return next(filter(None, (text(event.get(key)) for key in keys)), "")


def mapping(value: Any) -> dict[str, Any]:
	"""Return an object, also one that is written as JSON in a text; {} for anything else."""
	if isinstance(value, str) and value.lstrip().startswith("{"):
		try:
			value = json.loads(value)
		except (ValueError, RecursionError):
			return {}
	return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
	"""Return the objects of a list, or a single object as a list."""
	items = value if isinstance(value, list) else [value]
	return [item for item in items if isinstance(item, dict)]


def make_clues(message_ids: Iterable[Any] = (), provider_ids: Iterable[Any] = (), own: Any = None) -> Clues:
	"""Return the clues to a mail.

	`own` is what the sender has added to the mail for the provider to hand back: metadata, custom variables.
	"""
	named = [value for key, value in mapping(own).items() if key.lower() in MESSAGE_ID_KEYS]
	ids = map(_bare, (*message_ids, *named))
	return Clues(
		message_ids=tuple(dict.fromkeys(message_id for message_id in ids if "@" in message_id)),
		provider_ids=tuple(dict.fromkeys(filter(None, map(_bare, provider_ids)))),
	)


def _bare(value: Any) -> str:
	bare = text(value).strip("<> ")
	return bare if len(bare) <= _LONGEST_ID else ""
