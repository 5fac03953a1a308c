"""One call of a webhook: its headers and body, and the reasons to refuse it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from email_campaigns.inbound.webhooks.fields import mappings
from email_campaigns.text import SentenceError, _lt

# Bytes. SendGrid sends up to 768 KB at once (Event Webhook, "Batching"), SNS 256 KB (SNS quotas).
LARGEST_BODY = 5 * 1024 * 1024
# Seconds that a signature holds. SendGrid repeats a failed call for 24 hours (Event Webhook, "Retry logic"),
# Mailgun for 8, so a call may be this old. The key of each event absorbs a replay within that time.
MOST_AGE = 25 * 3600
MOST_AHEAD = 300  # seconds that a provider's clock may be ahead of ours


class Forbidden(SentenceError):
	"""The call does not prove to come from the provider, or is too old."""


class Malformed(SentenceError):
	"""The body is not what the provider's manual describes."""


class Unavailable(SentenceError):
	"""The call can't be checked now; the provider has to repeat it."""


@dataclass(frozen=True, slots=True)
class HookRequest:
	"""A call: `headers` by their names in lower case, `body` as it came."""

	headers: Mapping[str, str]
	body: bytes


def _no_certificate(url: str) -> bytes:
	raise Unavailable(_lt("The certificate could not be fetched."))


@dataclass(frozen=True, slots=True)
class Credentials:
	"""What a call is checked with.

	`secrets` are the present one and a former one that still holds; `topics` the ARNs of SNS topics that may
	report. `certificate` returns the PEM certificate at an address of SNS, or raises Unavailable.
	"""

	secrets: tuple[str, ...] = ()
	topics: tuple[str, ...] = ()
	certificate: Callable[[str], bytes] = field(default=_no_certificate)


@dataclass(frozen=True, slots=True)
class RawEvent:
	"""One event as it is stored: `key` is the same whenever the provider reports it again."""

	key: str
	payload: dict[str, Any]

	def digest(self, provider: str) -> str:
		"""Return the hash by which the event is stored once; without an id, by all that it says."""
		key = self.key or json.dumps(self.payload, sort_keys=True)
		return sha256(f"{provider}\n{key}".encode("utf-8", "replace")).hexdigest()


def whole_events(payload: Any, left_out: Collection[str] = ()) -> list[RawEvent]:
	"""Return the events of a provider that gives them no ids: all that an event says is its key.

	What is under the keys `left_out` is not stored.
	"""
	return [
		RawEvent(
			json.dumps(event, sort_keys=True),
			{key: value for key, value in event.items() if key not in left_out},
		)
		for event in mappings(payload)
	]


def read_json(body: bytes) -> Any:
	"""Return the JSON of a body. Raises Malformed."""
	try:
		return json.loads(body)
	except (ValueError, RecursionError):
		raise Malformed(_lt("The body is no JSON.")) from None


def check_age(epoch: float, now: float) -> None:
	"""Raise Forbidden for a call that was signed too long ago, or in the future; both in Unix seconds."""
	# Not the other way round: no comparison with NaN is true.
	if not -MOST_AHEAD <= now - epoch <= MOST_AGE:
		raise Forbidden(_lt("The call is too old, or a clock is wrong."))


def read_epoch(value: object) -> float:
	"""Return Unix seconds that a provider has written as text or number. Raises Forbidden."""
	try:
		return float(str(value))
	except ValueError:
		raise Forbidden(_lt("The time of the signature is missing.")) from None
