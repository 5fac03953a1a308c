"""Postmark: one event a call, with the secret in the address.

Sources: Postmark's manual, “Webhooks overview”, “Bounce webhook”, “Bounce API” (types), “Delivery webhook”,
“Spam complaint webhook”, “Subscription change webhook”.
"""

from __future__ import annotations

from typing import Any

from email_campaigns.inbound.values import BounceClass
from email_campaigns.inbound.webhooks.fields import first_text, make_clues, text
from email_campaigns.inbound.webhooks.request import RawEvent, whole_events
from email_campaigns.inbound.webhooks.secrets import read_with_secret
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason

HARD, SOFT, BLOCKED = BounceClass
Meaning = tuple[EventType, RejectReason | None, BounceClass | None]

RECORDS: dict[str, Meaning] = {
	"Bounce": (EventType.BOUNCED, None, SOFT),
	"Delivery": (EventType.DELIVERED, None, None),
	"SpamComplaint": (EventType.COMPLAINED, None, None),
}
# The types of bounces (“Bounce API”). Those that are not here say nothing about a mail.
BOUNCES: dict[str, Meaning] = {
	"HardBounce": (EventType.BOUNCED, None, HARD),
	"SoftBounce": (EventType.BOUNCED, None, SOFT),
	"Transient": (EventType.DEFERRED, None, None),
	"DnsError": (EventType.DEFERRED, None, None),
	"AutoResponder": (EventType.AUTORESPONDED, None, None),
	"AddressChange": (EventType.AUTORESPONDED, None, None),
	"ChallengeVerification": (EventType.AUTORESPONDED, None, None),
	"Unsubscribe": (EventType.UNSUBSCRIBED, None, None),
	"SpamComplaint": (EventType.COMPLAINED, None, None),
	# “blocked by the user, or classified as spam”: a filter's verdict on the mail, not a person's complaint
	"SpamNotification": (EventType.BOUNCED, None, BLOCKED),
	"VirusNotification": (EventType.BOUNCED, None, BLOCKED),
	"Blocked": (EventType.REJECTED, RejectReason.BLOCKED, BLOCKED),
	"DMARCPolicy": (EventType.REJECTED, RejectReason.BLOCKED, BLOCKED),
	"ManuallyDeactivated": (EventType.REJECTED, RejectReason.BLOCKED, BLOCKED),
	"Unconfirmed": (EventType.REJECTED, RejectReason.OTHER, BLOCKED),
	"SMTPApiError": (EventType.FAILED, RejectReason.OTHER, BLOCKED),
	"BadEmailAddress": (EventType.REJECTED, RejectReason.INVALID, HARD),
}
UNKNOWN: Meaning = (EventType.UNKNOWN, None, None)
# Of a subscription change that stops mail (“SuppressionReason”)
SUPPRESSIONS: dict[str, Meaning] = {
	"HardBounce": (EventType.REJECTED, RejectReason.BOUNCED, HARD),
	"SpamComplaint": (EventType.COMPLAINED, None, None),
}


check = read_with_secret


def events(payload: Any) -> list[RawEvent]:
	"""Return the event of a call. Only a bounce and a complaint have an id, so the whole event is the key."""
	return whole_events(payload, left_out=("Content",))


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	event_type, reason, bounce_class = _meaning(event)
	message_id = event.get("MessageID")
	return HookEvent(
		event_type,
		first_text(event, "Email", "Recipient"),
		make_clues([message_id], [message_id], event.get("Metadata")),
		reject_reason=reason,
		bounce_class=bounce_class,
		text=first_text(event, "Details", "Description"),
	)


def _meaning(event: dict[str, Any]) -> Meaning:
	record = text(event.get("RecordType"))
	if record == "SubscriptionChange":
		return _change(event)
	if record == "Bounce":
		return BOUNCES.get(text(event.get("Type")), UNKNOWN)
	return RECORDS.get(record, UNKNOWN)


def _change(event: dict[str, Any]) -> Meaning:
	if not event.get("SuppressSending"):
		return UNKNOWN
	if event.get("Origin") == "Recipient" and event.get("SuppressionReason") == "ManualSuppression":
		return EventType.UNSUBSCRIBED, None, None
	blocked: Meaning = (EventType.REJECTED, RejectReason.BLOCKED, BLOCKED)
	return SUPPRESSIONS.get(text(event.get("SuppressionReason")), blocked)
