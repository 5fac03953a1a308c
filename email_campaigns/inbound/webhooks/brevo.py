"""Brevo: one event a call, or many (“batched”), with the secret in the address or as a bearer token.

Sources: Brevo's manual, “Transactional webhooks”, “Batched webhooks”, “Secure webhook calls”.
"""

from __future__ import annotations

from typing import Any

from email_campaigns.inbound.values import BounceClass
from email_campaigns.inbound.webhooks.fields import make_clues, text
from email_campaigns.inbound.webhooks.request import RawEvent, whole_events
from email_campaigns.inbound.webhooks.secrets import read_with_secret
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason

Meaning = tuple[EventType, RejectReason | None, BounceClass | None]

EVENTS: dict[str, Meaning] = {
	"delivered": (EventType.DELIVERED, None, None),
	"deferred": (EventType.DEFERRED, None, None),
	"hard_bounce": (EventType.BOUNCED, None, BounceClass.HARD),
	"soft_bounce": (EventType.BOUNCED, None, BounceClass.SOFT),
	"invalid_email": (EventType.REJECTED, RejectReason.INVALID, BounceClass.HARD),
	"blocked": (EventType.REJECTED, RejectReason.BLOCKED, BounceClass.BLOCKED),
	"error": (EventType.FAILED, RejectReason.OTHER, BounceClass.BLOCKED),
	"spam": (EventType.COMPLAINED, None, None),
	"complaint": (EventType.COMPLAINED, None, None),
	"unsubscribe": (EventType.UNSUBSCRIBED, None, None),
	"unsubscribed": (EventType.UNSUBSCRIBED, None, None),
}


check = read_with_secret


def events(payload: Any) -> list[RawEvent]:
	"""Return the events of a call. `id` is the webhook's, so the whole event is the key."""
	return whole_events(payload)


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	unknown: Meaning = (EventType.UNKNOWN, None, None)
	event_type, reason, bounce_class = EVENTS.get(text(event.get("event")), unknown)
	message_id = event.get("message-id")
	return HookEvent(
		event_type,
		text(event.get("email")),
		make_clues([message_id], [message_id], event.get("X-Mailin-custom")),
		reject_reason=reason,
		bounce_class=bounce_class,
		text=text(event.get("reason")),
	)
