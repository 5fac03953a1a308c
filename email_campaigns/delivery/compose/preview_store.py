"""A mail as one recipient would get it, shown or sent as a test.

It has the fields that all authors of the mailing may read and the user too. The recipient is one whose record
the user may read; the caller checks that of a record which is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import frappe
from frappe import _
from frappe.utils import now_datetime

from email_campaigns.audience.lists import members_store
from email_campaigns.delivery.compose import compose_store, records_store, shown_store
from email_campaigns.delivery.compose.composer import Letter
from email_campaigns.delivery.compose.rights_store import FieldRights
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.delivery.smtp import transport
from email_campaigns.delivery.smtp.session import Session
from email_campaigns.message.compile import CompiledMessage
from email_campaigns.message.html.foreign_tags import text_warnings
from email_campaigns.site_time import database_epoch
from email_campaigns.tracking import log_store
from email_campaigns.tracking.tokens import PREVIEW
from email_campaigns.translation import translate


def preview_mass_email(name: str, doctype: str = "", record: str = "", version: str = "") -> dict:
	"""Return the mail of a Mass Email as one recipient would get it.

	The keys are subject, html, text, warnings, email, language, doctype and record. Without a recipient it is
	the first member of the lists whose record the user may read. `version` is the label of an A/B version,
	shown whatever the recipient's language. Raises TemplateError, RenderError, HeaderError, ValidationError.
	"""
	return render_preview(mailing_store.load_mass_email(name), doctype, record, version)


def render_preview(mailing: Mailing, doctype: str = "", record: str = "", version: str = "") -> dict:
	"""Return a mail of a mailing, or of a step of a drip sequence, as `preview_mass_email` does."""
	row = _in_version(mailing, _recipient(mailing, doctype, record), version)
	composer = compose_store.make_composer(mailing, row.edition)
	content = composer.content(_record(row, composer.compiled, mailing), PREVIEW)
	written = mailing.text(row.edition)
	warnings = (*text_warnings(written.subject, written.html), *content.warnings)
	return {
		"subject": content.subject,
		"html": content.html,
		"text": content.text,
		"warnings": [translate(warning) for warning in warnings],
		"email": row.email,
		"language": row.language,
		"doctype": row.doctype,
		"record": row.record,
	}


def send_test(
	name: str, addresses: list[str], doctype: str = "", record: str = "", version: str = ""
) -> None:
	"""Send the mail, rendered for one recipient and marked [TEST], to some addresses. No figure counts it.

	Raises Unavailable, Refused, ConnectionLost, ValidationError, TemplateError, RenderError, HeaderError.
	"""
	if hindrance := transport.sending_hindrance():
		frappe.throw(hindrance)
	mailing = mailing_store.load_mass_email(name)
	row = _in_version(mailing, _recipient(mailing, doctype, record), version)
	composer = compose_store.make_composer(mailing, row.edition, prefix="[TEST]")
	values, epoch = _record(row, composer.compiled, mailing), database_epoch()
	session = transport.connect(mailing.account)
	try:
		for address in addresses:
			_send_letter(session, mailing, composer.letter(replace(row, email=address), values, epoch))
	finally:
		session.close()


def _send_letter(session: Session, mailing: Mailing, letter: Letter) -> None:
	if letter.problem:
		frappe.throw(translate(letter.problem))
	session.propose(mailing.sender_address, letter.email)
	session.confirm()
	session.transmit(letter.content)
	log_store.append(
		"Test",
		now_datetime(),
		verdict="test",
		email=letter.email,
		campaign=mailing.campaign,
		source_doctype=mailing.doctype,
		source=mailing.name,
		message=PREVIEW,
		details=_("Sent by {0}").format(frappe.session.user),
	)


def _in_version(mailing: Mailing, row: ClaimedMail, version: str) -> ClaimedMail:
	if not version:
		return row
	if not mailing.ab_test or version not in mailing.ab_test.labels:
		frappe.throw(_("This mailing has no version {0}.").format(version))
	return replace(row, language="", version=version)


def _recipient(mailing: Mailing, doctype: str, record: str) -> ClaimedMail:
	if doctype and record:
		address = members_store.read_address(doctype, record)
		return _row(mailing, address["email"] or "-", doctype, record, address["language"])
	candidate = shown_store.first_shown(mailing, frappe.session.user)
	return _row(mailing, candidate.email, candidate.doctype, candidate.record, candidate.language)


def _row(mailing: Mailing, email: str, doctype: str, record: str, language: str) -> ClaimedMail:
	return ClaimedMail(PREVIEW, email, doctype, record, language=mailing.language_for(language))


def _record(row: ClaimedMail, message: CompiledMessage, mailing: Mailing) -> Mapping:
	user = frappe.session.user
	fields = message.record_fields, message.uses_whole_record
	records = records_store.load_records([row], *fields, FieldRights((*mailing.authors, user)), user)
	if (row.doctype, row.record) not in records:
		frappe.throw(_("{0} {1} does not exist.").format(_(row.doctype), row.record))
	return records[row.doctype, row.record]
