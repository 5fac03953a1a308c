"""Mailgun: one signed event a call.

Sources: Mailgun's manual, “Webhooks” (“Securing webhooks”, “Webhook payloads”) and “Event structure”.
"""

from __future__ import annotations

import hmac
from typing import Any

from email_campaigns.inbound.values import BounceClass
from email_campaigns.inbound.webhooks.fields import first_text, make_clues, mapping, text
from email_campaigns.inbound.webhooks.request import (
	Credentials,
	Forbidden,
	HookRequest,
	RawEvent,
	check_age,
	read_epoch,
	read_json,
)
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason
from email_campaigns.text import _lt

TYPES = {
	"delivered": EventType.DELIVERED,
	"failed": EventType.BOUNCED,
	"rejected": EventType.REJECTED,
	"complained": EventType.COMPLAINED,
	"unsubscribed": EventType.UNSUBSCRIBED,
}
# The reasons of a failure at Mailgun itself, whose lists stopped the mail or whose attempts are over.
REASONS = {
	"suppress-bounce": RejectReason.BOUNCED,
	"suppress-complaint": RejectReason.SPAM,
	"suppress-unsubscribe": RejectReason.UNSUBSCRIBED,
	"old": RejectReason.TIMED_OUT,
	"espblock": RejectReason.BLOCKED,
}


def check(request: HookRequest, credentials: Credentials, now: float) -> Any:
	"""Return the payload of a call that Mailgun has signed. Raises Forbidden and Malformed."""
	payload = read_json(request.body)
	signature = mapping(mapping(payload).get("signature"))
	stamp, token, sent = (text(signature.get(key)) for key in ("timestamp", "token", "signature"))
	signed = f"{stamp}{token}".encode()
	keys = [secret.encode() for secret in credentials.secrets if secret]
	digests = [hmac.digest(key, signed, "sha256").hex() for key in keys]
	# All of them, so that the time does not tell which it was.
	matches = [hmac.compare_digest(digest.encode(), sent.encode()) for digest in digests]
	if not token or not any(matches):
		raise Forbidden(_lt("The signature is wrong."))
	check_age(read_epoch(stamp), now)
	return payload


def events(payload: Any) -> list[RawEvent]:
	"""Return the event of a call.

	Its key is the token: the signature covers nothing else, so whoever has seen one call could sign any
	other event with it. The event's own id is unique for a day only.
	"""
	token = text(mapping(mapping(payload).get("signature")).get("token"))
	event = mapping(mapping(payload).get("event-data"))
	return [RawEvent(token, _slim(event))] if event else []


def _slim(event: dict[str, Any]) -> dict[str, Any]:
	"""Return an event without what belongs to the mail rather than to its fate."""
	left_out = ("storage", "flags", "envelope", "geolocation", "client-info")
	return {key: value for key, value in event.items() if key not in left_out}


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	status = mapping(event.get("delivery-status"))
	event_type, reason = _type(event), REASONS.get(text(event.get("reason")))
	if event_type is EventType.BOUNCED and reason:
		event_type = EventType.REJECTED
	message_id = mapping(mapping(event.get("message")).get("headers")).get("message-id")
	return HookEvent(
		event_type,
		text(event.get("recipient")),
		make_clues([message_id], [message_id], event.get("user-variables")),
		reject_reason=reason,
		bounce_class=BounceClass.HARD if event_type is EventType.BOUNCED else None,
		enhanced=text(status.get("enhanced-code")),
		text=_words(status) or text(mapping(event.get("reject")).get("reason")),
		reporter=text(status.get("mx-host")),
	)


def _type(event: dict[str, Any]) -> EventType:
	event_type = TYPES.get(text(event.get("event")), EventType.UNKNOWN)
	passing = event_type is EventType.BOUNCED and event.get("severity") == "temporary"
	return EventType.DEFERRED if passing else event_type


def _words(status: dict[str, Any]) -> str:
	words, code = first_text(status, "message", "description"), text(status.get("code"))
	return words if not code or words.startswith(code) else f"{code} {words}".strip()
