"""Amazon SES, whose events come as notifications of an SNS topic.

Sources: Amazon SES's developer guide, “Contents of event data that Amazon SES publishes to Amazon SNS” (with
`eventType`) and “Amazon SNS notification contents for Amazon SES” (with `notificationType`).
"""

from __future__ import annotations

from typing import Any

from email_campaigns.inbound.values import BounceClass, Clues
from email_campaigns.inbound.webhooks import sns
from email_campaigns.inbound.webhooks.fields import first_text, make_clues, mapping, mappings, text
from email_campaigns.inbound.webhooks.request import (
	Credentials,
	Forbidden,
	HookRequest,
	Malformed,
	RawEvent,
	check_age,
	read_json,
)
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason
from email_campaigns.text import _lt

HARD, SOFT, BLOCKED = BounceClass
CLASSES = {"Permanent": HARD, "Transient": SOFT, "Undetermined": SOFT}
BLOCKING = {"MessageTooLarge", "ContentRejected", "AttachmentRejected"}  # subtypes of Transient
# Feedback that no person has complained by (RFC 5965 §7.3; “not-spam” takes a complaint back)
NO_COMPLAINTS = {"not-spam", "auth-failure", "virus"}
# {event: (type, the part of the message about it, its list of recipients)}
EVENTS = {
	"Bounce": (EventType.BOUNCED, "bounce", "bouncedRecipients"),
	"Complaint": (EventType.COMPLAINED, "complaint", "complainedRecipients"),
	"Delivery": (EventType.DELIVERED, "delivery", "recipients"),
	"DeliveryDelay": (EventType.DEFERRED, "deliveryDelay", "delayedRecipients"),
	"Reject": (EventType.REJECTED, "reject", ""),
	"Subscription": (EventType.UNSUBSCRIBED, "subscription", ""),
}


def check(request: HookRequest, credentials: Credentials, now: float) -> Any:
	"""Return a message that SNS has signed, of a topic that may report. Raises Forbidden and Malformed.

	Any topic may ask to be confirmed: a person decides about it.
	"""
	message = read_json(request.body)
	if not isinstance(message, dict):
		raise Malformed(_lt("The body is no message of SNS."))
	topic = text(message.get("TopicArn"))
	if not sns.is_topic(topic):
		raise Malformed(_lt("The body is no message of SNS."))
	if message.get("Type") != sns.CONFIRMATION and topic not in credentials.topics:
		raise Forbidden(_lt("The topic {0} is not in the settings."), topic)
	# Before the certificate: a stranger must not make us fetch one.
	check_age(sns.epoch_of(message), now)
	url = text(message.get("SigningCertURL"))
	if not sns.is_certificate_url(url):
		raise Forbidden(_lt("The certificate is at an address that is not of Amazon SNS."))
	sns.check_signature(message, credentials.certificate(url), now)
	return message


def confirmation(payload: Any) -> tuple[str, str] | None:
	"""Return (topic, address) of a checked message that asks to be confirmed, None for any other message."""
	message = mapping(payload)
	topic, url = text(message.get("TopicArn")), text(message.get("SubscribeURL"))
	asks = message.get("Type") == sns.CONFIRMATION and sns.is_confirmation_url(url, topic)
	return (topic, url) if asks else None


def events(payload: Any) -> list[RawEvent]:
	"""Return an event for each recipient of a notification.

	The notification's id is the same when SNS sends it again.
	"""
	message = mapping(payload)
	if message.get("Type") != sns.NOTIFICATION:
		return []
	content, key = sns.content(message), text(message.get("MessageId"))
	_type, part, recipients = EVENTS.get(_name(content), (None, "", ""))
	details, mail = mapping(content.get(part)), mapping(content.get("mail"))
	common = {
		"event": _name(content),
		"details": {name: value for name, value in details.items() if name != recipients},
		"message_id": text(mail.get("messageId")),
		"headers": _own_headers(mail),
	}
	return [
		RawEvent(f"{key}:{number}", {**common, "recipient": recipient})
		for number, recipient in enumerate(_recipients(details.get(recipients), mail))
	]


def _name(content: dict[str, Any]) -> str:
	return first_text(content, "eventType", "notificationType")


def _recipients(listed: Any, mail: dict[str, Any]) -> list[dict[str, Any]]:
	items = listed if isinstance(listed, list) else mail.get("destination")
	if not isinstance(items, list):
		return []
	return mappings([item if isinstance(item, dict) else {"emailAddress": item} for item in items])


def _own_headers(mail: dict[str, Any]) -> dict[str, str]:
	"""Return the headers that lead to a mail of ours: SES gives the mail another Message-ID."""
	headers = {text(item.get("name")).lower(): item.get("value") for item in mappings(mail.get("headers"))}
	given = headers.get("message-id") or mapping(mail.get("commonHeaders")).get("messageId")
	return {"message-id": text(given)}


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	event_type, _part, _list = EVENTS.get(text(event.get("event")), (EventType.UNKNOWN, "", ""))
	details, recipient = mapping(event.get("details")), mapping(event.get("recipient"))
	event_type, reason = _judged(event_type, details)
	return HookEvent(
		event_type,
		text(recipient.get("emailAddress")),
		_clues(event),
		reject_reason=reason,
		bounce_class=_bounce_class(details) if event_type is EventType.BOUNCED else None,
		enhanced=text(recipient.get("status")),
		text=_words(recipient, details),
		reporter=text(details.get("reportingMTA")).partition(";")[2].strip()
		or text(details.get("reportingMTA")),
	)


def _clues(event: dict[str, Any]) -> Clues:
	own = mapping(event.get("headers")).get("message-id")
	return make_clues([own], [event.get("message_id")])


def _judged(event_type: EventType, details: dict[str, Any]) -> tuple[EventType, RejectReason | None]:
	"""Return the type of an event by what is in it, and the reason where SES itself kept the mail."""
	if event_type is EventType.COMPLAINED and text(details.get("complaintFeedbackType")) in NO_COMPLAINTS:
		return EventType.UNKNOWN, None
	if event_type is EventType.UNSUBSCRIBED:
		wishes = mapping(details.get("newTopicPreferences"))
		return (event_type if wishes.get("unsubscribeAll") is True else EventType.UNKNOWN), None
	if event_type is EventType.BOUNCED and details.get("bounceSubType") == "UnsubscribedRecipient":
		return EventType.REJECTED, RejectReason.UNSUBSCRIBED
	return event_type, RejectReason.BLOCKED if event_type is EventType.REJECTED else None


def _bounce_class(details: dict[str, Any]) -> BounceClass:
	said = CLASSES.get(text(details.get("bounceType")), SOFT)
	return BLOCKED if text(details.get("bounceSubType")) in BLOCKING else said


def _words(recipient: dict[str, Any], details: dict[str, Any]) -> str:
	diagnostic = text(recipient.get("diagnosticCode")).removeprefix("smtp;").strip()
	named = (details.get("bounceType"), details.get("bounceSubType"), details.get("complaintFeedbackType"))
	own = " ".join(filter(None, map(text, named)))
	return diagnostic or first_text(details, "smtpResponse", "reason", "delayType") or own
