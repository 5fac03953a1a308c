"""Campaign mails and what came of them, as activities of a record in Frappe CRM's own front end. Pure.

The front end shows an activity by its `activity_type`. A "communication" is a mail with its text. Of a type
that it does not know it shows a line: the owner's name, `field_label` and `value` of `data`. It takes the
activities as they are and orders them by `creation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

COMMUNICATION, EVENT = "communication", "campaign_event"


@dataclass(frozen=True, slots=True)
class ShownMail:
	"""A mail of a campaign as it was sent to a record: its number in the ledger, its content, and its state.

	`content` is HTML without code. `sent_at` is a time of the site's clock.
	"""

	message: int
	sent_at: datetime
	subject: str
	content: str
	sender: str
	sender_name: str
	email: str
	opened: bool = False
	clicked: bool = False


@dataclass(frozen=True, slots=True)
class ShownEvent:
	"""Something that came of a mail: the action of the log, translated, the mailing's title, and details."""

	name: int
	at: datetime
	action: str
	title: str
	details: str
	email: str


def mail_activity(mail: ShownMail, *, is_lead: bool) -> dict[str, Any]:
	"""Return a mail as the front end has Communications. `is_lead` says whether it went to a Lead."""
	return {
		"name": f"campaign-message-{mail.message}",
		"activity_type": COMMUNICATION,
		"communication_type": "Communication",
		"communication_date": mail.sent_at,
		"creation": mail.sent_at,
		"data": {
			"subject": mail.subject,
			"content": mail.content,
			"sender_full_name": mail.sender_name,
			"sender": mail.sender,
			"recipients": mail.email,
			"cc": "",
			"bcc": "",
			"attachments": [],
			"read_by_recipient": int(mail.opened or mail.clicked),
			"delivery_status": "Clicked" if mail.clicked else "Opened" if mail.opened else "Sent",
		},
		"is_lead": is_lead,
	}


def event_activity(event: ShownEvent, *, is_lead: bool) -> dict[str, Any]:
	"""Return an event as a line, which begins with the name before the @ of the recipient's address."""
	return {
		"name": f"campaign-log-{event.name}",
		"activity_type": EVENT,
		"creation": event.at,
		"owner": event.email,
		"data": {
			"field_label": event.action,
			"value": " · ".join(filter(None, (event.title, event.details))),
		},
		"is_lead": is_lead,
		"options": None,
	}


def with_own(answer: Any, own: Sequence[dict[str, Any]]) -> Any:
	"""Return Frappe CRM's answer with our activities among its own, the newest first as it has them.

	`answer` is (activities, calls, notes, tasks, attachments). One of another form, of a later version, is
	returned as it is.
	"""
	if not own or not isinstance(answer, list | tuple) or not answer or not isinstance(answer[0], list):
		return answer
	activities = sorted([*answer[0], *own], key=lambda activity: activity["creation"], reverse=True)
	return (activities, *answer[1:])
