"""The mail that a person answers, where Frappe looks for it: the answer then joins the record's timeline.

Frappe looks for a Communication with the Message-ID in In-Reply-To, else for one whose name is the part
before the @ of that. Where it finds none, an Email Account with *Append To* makes a new Lead of each answer.
So before Frappe reads an answer, the mail is stored as a mailing with *Store Sent Emails* stores it.
"""

from __future__ import annotations

from collections.abc import Sequence

import frappe

from email_campaigns.delivery.compose.timeline_store import TimelineWriter
from email_campaigns.record_rights_store import NO_RECORDS
from email_campaigns.tracking.store import NamedMail

NAME_LENGTH = 140  # characters that a name may have


def prepare(mail: NamedMail, answered: Sequence[str]) -> bool:
	"""Store a mail where Frappe finds it for an answer to Message-IDs `answered`; tell whether it is there.

	The caller commits. It does nothing for a plain address or a User, whose timeline shows no mails.
	"""
	number = mail.cc_of or mail.message
	if mail.recipient_doctype in NO_RECORDS | {"User"} or not frappe.db.exists(
		mail.recipient_doctype, mail.recipient_name
	):
		return False
	message_id = frappe.db.get_value("Campaign Message", number, "message_id") or ""
	stored = _find(message_id)
	if not stored:
		TimelineWriter().write([number])
		stored = _find(message_id)
	if stored and not any(_is_found(text) for text in answered):
		_name_after(stored, answered)
	return bool(stored)


def _find(message_id: str) -> str:
	if not message_id:
		return ""
	return frappe.db.get_value("Communication", {"message_id": message_id}) or ""


def _is_found(answered: str) -> bool:
	return bool(_find(answered)) or bool(frappe.db.exists("Communication", _local_part(answered)))


def _name_after(stored: str, answered: Sequence[str]) -> None:
	"""Name a stored mail after the id that a provider has put in the place of ours."""
	name = next((part for part in map(_local_part, answered) if 0 < len(part) <= NAME_LENGTH), "")
	if name:
		frappe.db.sql("UPDATE tabCommunication SET name = %s WHERE name = %s", (name, stored))
		frappe.db.sql("UPDATE `tabCommunication Link` SET parent = %s WHERE parent = %s", (name, stored))


def _local_part(message_id: str) -> str:
	return message_id.strip("<> ").partition("@")[0]
