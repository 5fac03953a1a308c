"""A sent mail, rendered again for its reader in the browser."""

from __future__ import annotations

import frappe

from email_campaigns.delivery.compose import compose_store, records_store
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.message.compile import CompiledMessage


def render_sent_mail(message: int) -> str | None:
	"""Return the HTML of the sent mail number `message`, from the present template and record.

	None where its row, its mailing or its record no longer exists. Raises TemplateError, RenderError,
	ValidationError.
	"""
	row, source = _row(message)
	mailing = _mailing(source) if row else None
	if not row or not mailing:
		return None
	compiled = compose_store.compile_text(mailing, row.edition)
	record = _record(row, compiled, mailing.sender_user)
	if record is None:
		return None
	composer = compose_store.make_composer(mailing, compiled)
	own = {"doc": record, "unsubscribe_url": composer.unsubscribe_url(message), **composer.personal(message)}
	return compiled.render({**composer.shared, **own}).html


def _mailing(source: tuple) -> Mailing | None:
	return mailing_store.load_source(*source) if frappe.db.exists(*source[:2]) else None


def _row(message: int) -> tuple[ClaimedMail | None, tuple]:
	"""Return a mail and its source. A copy (CC) has the recipient and text of its mail, and its own links."""
	rows = frappe.db.sql(
		"""SELECT m.name, COALESCE(t.email, ''), t.recipient_doctype, t.recipient_name,
			COALESCE(t.language, ''), COALESCE(t.version, ''),
			m.source_doctype, m.source, m.campaign, m.step, m.owner
		FROM `tabCampaign Message` m
		JOIN `tabCampaign Message` t ON t.name = IF(m.cc_of > 0, m.cc_of, m.name)
		WHERE m.name = %s AND m.status IN ('Sent', 'Sending', 'Uncertain')""",
		message,
	)
	if not rows:
		return None, ()
	name, email, doctype, record, language, version, *source = rows[0]
	row = ClaimedMail(name, email, doctype or "", record or "", language=language, version=version)
	return row, tuple(source)


def _record(row: ClaimedMail, compiled: CompiledMessage, user: str):
	if not row.doctype:
		return None
	records = records_store.load_records([row], compiled.record_fields, compiled.uses_whole_record, user)
	return records.get((row.doctype, row.record))
