"""Mailjet: one event a call, or many (“grouped”), with the secret in the address.

Sources: Mailjet's manual, “Event API: real-time notifications” with its table of errors.
"""

from __future__ import annotations

from typing import Any

from email_campaigns.inbound.values import BounceClass
from email_campaigns.inbound.webhooks.fields import first_text, make_clues, text
from email_campaigns.inbound.webhooks.request import RawEvent, whole_events
from email_campaigns.inbound.webhooks.secrets import read_with_secret
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason

HARD, SOFT, BLOCKED = BounceClass

TYPES = {
	"sent": EventType.DELIVERED,  # “accepted by the receiving server”
	"bounce": EventType.BOUNCED,
	"blocked": EventType.REJECTED,
	"spam": EventType.COMPLAINED,
	"unsub": EventType.UNSUBSCRIBED,
}
CLASSES = {
	# about the recipient
	"user unknown": HARD,
	"mailbox inactive": HARD,
	"quota exceeded": SOFT,
	"blacklisted": BLOCKED,
	# about the domain
	"invalid domain": HARD,
	"no mail host": HARD,
	"relay/access denied": BLOCKED,
	"greylisted": SOFT,
	"typofix": HARD,
	# about the mail or its sender
	"sender blocked": BLOCKED,
	"content blocked": BLOCKED,
	"policy issue": BLOCKED,
	# about a system on the way
	"system issue": SOFT,
	"protocol issue": SOFT,
	"connection issue": SOFT,
	# about Mailjet
	"preblocked": BLOCKED,
	"duplicate in campaign": BLOCKED,
}
REASONS = {"spam reporter": RejectReason.SPAM}
PASSING = "greylisted"  # “delivery will be re-attempted”


check = read_with_secret


def events(payload: Any) -> list[RawEvent]:
	"""Return the events of a call. They have no ids, so the whole event is the key."""
	return whole_events(payload)


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	event_type = _type(event)
	return HookEvent(
		event_type,
		text(event.get("email")),
		make_clues(
			[event.get("CustomID")],
			[event.get("Message_GUID"), event.get("MessageID")],
			event.get("Payload"),
		),
		reject_reason=REASONS.get(text(event.get("error"))),
		bounce_class=_bounce_class(event) if "error" in event else None,
		text=first_text(event, "smtp_reply", "comment", "error"),
	)


def _type(event: dict[str, Any]) -> EventType:
	event_type = TYPES.get(text(event.get("event")), EventType.UNKNOWN)
	passing = event.get("error") == PASSING and not event.get("hard_bounce")
	return EventType.DEFERRED if passing and event_type is EventType.BOUNCED else event_type


def _bounce_class(event: dict[str, Any]) -> BounceClass:
	is_hard = bool(event.get("hard_bounce"))
	known = CLASSES.get(text(event.get("error")))
	if known is HARD and event.get("event") == "bounce" and not is_hard:
		return SOFT
	return known or (HARD if is_hard else SOFT)
