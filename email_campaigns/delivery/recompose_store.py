"""A mail that was sent, made again of what is stored with it: for its reader, for a colleague, as bytes.

A mail from before texts were kept is made from the present template and record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import frappe
from frappe import _

from email_campaigns.delivery.compose import compose_store, records_store, sent_store
from email_campaigns.delivery.compose.composer import Composer, Record
from email_campaigns.delivery.compose.rights_store import FieldRights
from email_campaigns.delivery.copies import copies_store
from email_campaigns.delivery.ledger.claims_store import VERSION
from email_campaigns.delivery.ledger.row import ClaimedMail, MailHeading
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.message.compile import Content
from email_campaigns.tracking.tokens import PREVIEW
from email_campaigns.translation import translate


class NotAsSent(frappe.ValidationError):
	"""The mail can't be made again byte for byte. The message says why."""


@dataclass(frozen=True, slots=True)
class SentMail:
	"""A mail that may have left: its row, the arguments of `load_source`, and what it was made of.

	`text` is the name of its text, `epoch` the time in its Date, in Unix seconds; an early mail has neither.
	"""

	row: ClaimedMail
	source: tuple[Any, ...]
	text: str
	epoch: int
	message_id: str


def view_sent_mail(message: int) -> str | None:
	"""Return the HTML of a sent mail for its reader, with the links of that mail.

	None where it can't be shown any more. Raises TemplateError, RenderError, ValidationError.
	"""
	parts = _remake(message, untracked=False)
	if not parts:
		return None
	_mail, composer, record = parts
	return composer.content(record, message).html


def show_sent_mail(message: int, rights: FieldRights | None = None) -> dict[str, Any] | None:
	"""Return a sent mail for a colleague, without the links and the pixel of its recipient.

	It has the fields that the `rights` of the colleague show, or all without them. The keys are subject,
	html, text, warnings, email and as_sent, which is False for an early mail: that may have been another one.
	None where it can't be shown any more. Raises as `view_sent_mail`.
	"""
	parts = _remake(message, untracked=True)
	if not parts:
		return None
	mail, composer, record = parts
	part = records_store.readable_part(mail.row.doctype, record, rights) if rights else record
	shown = _shown(mail, composer.content(part, PREVIEW))
	if part != record:
		shown["warnings"].append(_("The mail had fields that you may not read: here they are empty."))
	return shown


def _shown(mail: SentMail, content: Content) -> dict[str, Any]:
	return {
		"subject": content.subject,
		"html": content.html,
		"text": content.text,
		"warnings": [translate(warning) for warning in content.warnings],
		"email": mail.row.email,
		"as_sent": bool(mail.text),
	}


def recompose(message: int) -> bytes:
	"""Return a sent mail byte for byte as the mail server got it.

	Raises NotAsSent where it was sent by an early version, what it was made of was forgotten on request, or
	the site has no longer the key that signed its links.
	"""
	mail = _read_mail(message)
	text = sent_store.load_text(mail.text) if mail else None
	if not mail or not text:
		raise NotAsSent(_("Nothing is kept of this mail: it did not leave, or an early version sent it."))
	try:
		composer = compose_store.remake_letters(text, mail.message_id)
	except KeyError:
		raise NotAsSent(_("The site has no longer the key that signed the links of this mail.")) from None
	stored = sent_store.load_values([message])
	values = sent_store.values_of(composer, stored, message)
	heading = _heading(mail.row, sent_store.cc_of(stored, message)) if text.names_copies else None
	named = (mail.row.email, *((heading.to, *heading.cc) if heading else ()))
	if values is None or text.name != mail.text or not all("@" in address for address in named):
		raise NotAsSent(_("An address in this mail was forgotten on request."))
	return composer.letter(mail.row, values, mail.epoch, heading).content


def _heading(row: ClaimedMail, cc: tuple[str, ...] | None) -> MailHeading | None:
	"""Return the To and Cc of a mail that names copies; `cc` is its Cc as sent, None of an early mail."""
	heading = copies_store.read_headings([row]).get(row.mail)
	return heading if heading is None or cc is None else replace(heading, cc=cc)


def _remake(message: int, *, untracked: bool) -> tuple[SentMail, Composer, Record] | None:
	mail = _read_mail(message)
	composer = _composer(mail, untracked=untracked) if mail else None
	if not mail or not composer:
		return None
	record = _record(mail, composer)
	return None if record is None else (mail, composer, record)


def _composer(mail: SentMail, *, untracked: bool) -> Composer | None:
	if text := sent_store.load_text(mail.text):
		return compose_store.remake_composer(text, untracked=untracked)
	if not frappe.db.exists(*mail.source[:2]):
		return None
	return compose_store.make_composer(mailing_store.load_source(*mail.source), mail.row.edition)


def _record(mail: SentMail, composer: Composer) -> Record | None:
	"""Return the fields that a mail shows: as they were, or of an early mail as they are.

	None where its recipient was forgotten.
	"""
	if not mail.row.doctype:
		return None
	if mail.text:
		return sent_store.values_of(composer, sent_store.load_values([mail.row.name]), mail.row.name)
	rights = FieldRights(mailing_store.load_source(*mail.source).authors)
	compiled = composer.compiled
	fields = compiled.record_fields, compiled.uses_whole_record
	return records_store.load_records([mail.row], *fields, rights).get((mail.row.doctype, mail.row.record))


def _read_mail(message: int) -> SentMail | None:
	rows = frappe.db.sql(
		f"""SELECT name, COALESCE(email, ''), COALESCE(recipient_doctype, ''), COALESCE(recipient_name, ''),
			COALESCE(language, ''), COALESCE(cc_of, 0), {VERSION},
			COALESCE(sent_text, ''), COALESCE(date_epoch, 0), COALESCE(message_id, ''),
			source_doctype, source, campaign, step, owner
		FROM `tabCampaign Message` c WHERE name = %s AND status IN ('Sent', 'Sending', 'Uncertain')""",
		message,
	)
	if not rows:
		return None
	name, email, doctype, record, language, cc_of, version, text, epoch, message_id, *source = rows[0]
	row = ClaimedMail(name, email, doctype, record, language=language, cc_of=cc_of, version=version)
	return SentMail(row, tuple(source), text, epoch, message_id)
