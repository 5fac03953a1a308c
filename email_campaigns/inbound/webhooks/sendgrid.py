"""SendGrid: many events a call, signed with an elliptic curve.

Sources: Twilio SendGrid's manual, “Event Webhook Reference” and “Event Webhook Security Features”.
"""

from __future__ import annotations

from base64 import b64decode
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from email_campaigns.inbound.values import BounceClass
from email_campaigns.inbound.webhooks.fields import first_text, make_clues, mappings, text
from email_campaigns.inbound.webhooks.request import (
	Credentials,
	Forbidden,
	HookRequest,
	Malformed,
	RawEvent,
	check_age,
	read_epoch,
	read_json,
)
from email_campaigns.inbound.webhooks.vocabulary import EventType, HookEvent, RejectReason
from email_campaigns.text import _lt

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
TYPES = {
	"bounce": EventType.BOUNCED,
	"deferred": EventType.DEFERRED,
	"delivered": EventType.DELIVERED,
	"dropped": EventType.REJECTED,
	"spamreport": EventType.COMPLAINED,
	"unsubscribe": EventType.UNSUBSCRIBED,
	"group_unsubscribe": EventType.UNSUBSCRIBED,
}
# Why a mail was dropped (“Dropped event”, in lower case)
DROPPED = {
	"invalid": RejectReason.INVALID,
	"bounced address": RejectReason.BOUNCED,
	"unsubscribed address": RejectReason.UNSUBSCRIBED,
	"spam reporting address": RejectReason.SPAM,
}
# “Bounce event”: its type, and the classification that newer events have
CLASSES = {"bounce": BounceClass.HARD, "expired": BounceClass.SOFT, "blocked": BounceClass.BLOCKED}
CLASSIFICATIONS = {
	"content": BounceClass.BLOCKED,
	"reputation": BounceClass.BLOCKED,
	"frequency or volume too high": BounceClass.BLOCKED,
	"technical": BounceClass.SOFT,
	"mailbox unavailable": BounceClass.SOFT,
}


@lru_cache(maxsize=16)
def read_key(key: str) -> EllipticCurvePublicKey:
	"""Return the verification key that SendGrid shows, in base64 or PEM. Raises Malformed."""
	lines = [line for line in key.split() if line]
	body = "".join(line for line in lines if "-----" not in line and line not in ("PUBLIC", "KEY-----"))
	try:
		public = load_der_public_key(b64decode(body, validate=True))
	except (ValueError, UnsupportedAlgorithm):
		public = None
	if not isinstance(public, EllipticCurvePublicKey):
		raise Malformed(_lt("This is no verification key of SendGrid."))
	return public


def check(request: HookRequest, credentials: Credentials, now: float) -> Any:
	"""Return the payload of a call that SendGrid has signed. Raises Forbidden and Malformed."""
	stamp = request.headers.get(TIMESTAMP, "")
	signed = stamp.encode("utf-8", "replace") + request.body
	signature = _signature(request.headers.get(SIGNATURE, ""))
	if not any(_is_signed(key, signature, signed) for key in credentials.secrets):
		raise Forbidden(_lt("The signature is wrong."))
	check_age(read_epoch(stamp), now)
	return read_json(request.body)


def _signature(header: str) -> bytes:
	try:
		return b64decode(header, validate=True)
	except ValueError:
		return b""


def _is_signed(key: str, signature: bytes, signed: bytes) -> bool:
	try:
		read_key(key).verify(signature, signed, ECDSA(SHA256()))
	except (InvalidSignature, Malformed):
		return False
	return True


def events(payload: Any) -> list[RawEvent]:
	"""Return the events of a call; `sg_event_id` is the same when one is sent again."""
	return [RawEvent(text(event.get("sg_event_id")), event) for event in mappings(payload)]


def read(event: dict[str, Any]) -> HookEvent:
	"""Return an event in our vocabulary."""
	event_type = TYPES.get(text(event.get("event")), EventType.UNKNOWN)
	reason = text(event.get("reason"))
	return HookEvent(
		event_type,
		text(event.get("email")),
		make_clues([event.get("smtp-id")], _provider_ids(text(event.get("sg_message_id"))), event),
		reject_reason=_dropped(reason) if event_type is EventType.REJECTED else None,
		bounce_class=_bounce_class(event) if event_type is EventType.BOUNCED else None,
		enhanced=_enhanced(text(event.get("status"))),
		text=first_text(event, "response", "reason"),
	)


def _dropped(reason: str) -> RejectReason:
	return DROPPED.get(reason.lower(), RejectReason.OTHER)


def _bounce_class(event: dict[str, Any]) -> BounceClass:
	classification = CLASSIFICATIONS.get(text(event.get("bounce_classification")).lower())
	return classification or CLASSES.get(text(event.get("type")), BounceClass.HARD)


def _enhanced(status: str) -> str:
	return status if status.count(".") == 2 else ""


def _provider_ids(message_id: str) -> list[str]:
	"""Return the ids of a mail: SendGrid appends where it was filtered to the one of its SMTP reply."""
	return [message_id, message_id.partition(".filter")[0].partition(".recvd")[0]]
