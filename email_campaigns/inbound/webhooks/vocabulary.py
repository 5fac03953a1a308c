"""The vocabulary of webhooks, and from an event to a Finding. Pure.

Event types and reject reasons are those of django-anymail (its manual, “Tracking sent mail status”), so that
whoever knows it knows ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from email_campaigns.inbound.reports.severity import evidence
from email_campaigns.inbound.values import BounceClass, Clues, Finding, Kind, Report
from email_campaigns.text import Sentence, _lt


class EventType(Enum):
	"""What a provider says has happened to a mail."""

	REJECTED = "rejected"  # the provider itself did not send it
	FAILED = "failed"  # the provider could not make or send it
	BOUNCED = "bounced"  # the recipient's server did not take it
	DEFERRED = "deferred"  # it will be tried again
	DELIVERED = "delivered"
	AUTORESPONDED = "autoresponded"
	COMPLAINED = "complained"
	UNSUBSCRIBED = "unsubscribed"
	UNKNOWN = "unknown"  # all that is of no interest here, opens and clicks too


class RejectReason(Enum):
	"""Why a provider did not send a mail, or a server did not take it."""

	INVALID = "invalid"
	BOUNCED = "bounced"
	TIMED_OUT = "timed_out"
	BLOCKED = "blocked"
	SPAM = "spam"  # the person has complained before
	UNSUBSCRIBED = "unsubscribed"
	OTHER = "other"


@dataclass(frozen=True, slots=True)
class HookEvent:
	"""One event of one recipient.

	`text` is what the receiving server, or else the provider, says; `reporter` the host name of that server.
	`bounce_class` is the provider's own verdict, where it has one.
	"""

	event_type: EventType
	recipient: str
	clues: Clues
	reject_reason: RejectReason | None = None
	bounce_class: BounceClass | None = None
	enhanced: str = ""
	text: str = ""
	reporter: str = ""


# A reason weighs more than the type: a provider rejects a mail because the person has complained before.
_BY_REASON = {RejectReason.SPAM: Kind.COMPLAINT, RejectReason.UNSUBSCRIBED: Kind.OPT_OUT}
_BY_TYPE = {
	EventType.REJECTED: Kind.BOUNCE,
	EventType.FAILED: Kind.BOUNCE,
	EventType.BOUNCED: Kind.BOUNCE,
	EventType.DEFERRED: Kind.DELAY,
	EventType.DELIVERED: Kind.DELIVERY,
	EventType.AUTORESPONDED: Kind.AUTOMATIC,
	EventType.COMPLAINED: Kind.COMPLAINT,
	EventType.UNSUBSCRIBED: Kind.OPT_OUT,
	EventType.UNKNOWN: Kind.OTHER,
}
# What the provider has not sent for any other reason is the sender's to mend.
_CLASS_BY_REASON = {
	RejectReason.INVALID: BounceClass.HARD,
	RejectReason.BOUNCED: BounceClass.HARD,
	RejectReason.TIMED_OUT: BounceClass.SOFT,
}


def kind_of(event: HookEvent) -> Kind:
	"""Return what an event is for us; OTHER for one that nobody has to know."""
	kind = _BY_TYPE[event.event_type]
	reason = _BY_REASON.get(event.reject_reason) if event.reject_reason else None
	return reason or kind if kind is Kind.BOUNCE else kind


def make_finding(provider: str, event: HookEvent) -> Finding:
	"""Return the finding of an event of `provider`, its name for people.

	An opt-out has a report too, of its own kind: whoever applies it compares the address with the mail's.
	"""
	kind = kind_of(event)
	reports = () if kind in (Kind.OTHER, Kind.AUTOMATIC) else (_report(kind, event),)
	why = Sentence(_lt("{0} reports: {1}"), provider, event.event_type.value)
	return Finding(kind, event.clues, sender=event.recipient, reports=reports, why=why)


def _report(kind: Kind, event: HookEvent) -> Report:
	spoken, enhanced = evidence((event.text,), event.enhanced)
	return Report(
		kind,
		event.recipient,
		bounce_class=_bounce_class(event, spoken) if kind is Kind.BOUNCE else None,
		enhanced=enhanced,
		text=event.text,
		reporter=event.reporter,
	)


def _bounce_class(event: HookEvent, spoken: BounceClass | None) -> BounceClass:
	"""Return the class of a bounce, by the provider's own verdict and what the server's words say (`spoken`).

	A provider's “hard” is only ever softened: its verdict is often only “bounced”.
	"""
	reason = event.reject_reason or RejectReason.OTHER
	said = event.bounce_class or _CLASS_BY_REASON.get(reason, BounceClass.BLOCKED)
	# Words decide only where the recipient's server speaks, not the provider's list.
	is_servers = event.event_type is EventType.BOUNCED and said is not BounceClass.BLOCKED
	return spoken if is_servers and spoken and spoken is not BounceClass.HARD else said
