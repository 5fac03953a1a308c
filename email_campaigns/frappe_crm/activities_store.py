"""The campaign mails of a record, for the front end of Frappe CRM.

Mails of sequences, and of mailings that store their emails, are Communications, which it shows by itself. All
others are made again when somebody looks at the record, from the text of the mailing, stored once, and the
few fields of the mail: nothing is stored for each of a million mails.
"""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.compat import form_url
from email_campaigns.delivery import recompose_store
from email_campaigns.delivery.compose.rights_store import FieldRights
from email_campaigns.delivery.compose.timeline_store import FAULTS, harmless
from email_campaigns.frappe_crm.activities import ShownMail

SHOWN_MAILS = 50
WHOLE_MAILS = 5  # the newest ones, with their text; of the others a link leads to it


def read_mails(doctype: str, record: str) -> list[ShownMail]:
	"""Return the last SHOWN_MAILS mails that went to a record and are no Communications, the newest first.

	The caller has checked that the user may read the record and campaign mails.
	"""
	rows = _without_communications(doctype, record, _rows(doctype, record))
	rights = FieldRights([frappe.session.user])
	return [_shown(row, rights, whole=number < WHOLE_MAILS) for number, row in enumerate(rows)]


def _rows(doctype: str, record: str) -> list[frappe._dict]:
	return frappe.db.sql(
		"""SELECT m.name, m.email, m.sent_at, m.opened_at, m.clicked_at, m.message_id,
			COALESCE(t.subject, '') subject, COALESCE(t.sender, '') sender
		FROM `tabCampaign Message` m LEFT JOIN `tabCampaign Mail Text` t ON t.name = m.sent_text
		WHERE m.recipient_doctype = %s AND m.recipient_name = %s AND m.status = 'Sent'
			AND COALESCE(m.cc_of, 0) = 0 AND m.sent_at IS NOT NULL
		ORDER BY m.sent_epoch DESC LIMIT %s""",
		(doctype, record, SHOWN_MAILS),
		as_dict=True,
	)


def _without_communications(doctype: str, record: str, rows: list[frappe._dict]) -> list[frappe._dict]:
	ids = [row.message_id for row in rows if row.message_id]
	filters = {
		"message_id": ("in", ids or [""]),
		"reference_doctype": doctype,
		"reference_name": record,
		"sent_or_received": "Sent",
	}
	stored = set(frappe.get_all("Communication", filters, pluck="message_id"))
	return [row for row in rows if row.message_id not in stored]


def _shown(row: frappe._dict, rights: FieldRights, *, whole: bool) -> ShownMail:
	subject, content = _content(row.name, rights) if whole else (row.subject, _link(row.name))
	name, _sign, rest = row.sender.partition(" <")
	return ShownMail(
		message=row.name,
		sent_at=row.sent_at,
		subject=subject or row.subject,
		content=content,
		sender=rest.rstrip(">"),
		sender_name=name,
		email=row.email,
		opened=bool(row.opened_at),
		clicked=bool(row.clicked_at),
	)


def _content(message: int, rights: FieldRights) -> tuple[str, str]:
	"""Return (subject, HTML) of a mail as the user may see it, ("", a sentence) where it can't be shown."""
	try:
		mail = recompose_store.show_sent_mail(message, rights)
	except FAULTS:
		frappe.clear_last_message()
		mail = None
	if not mail:
		return "", f"<p>{_('This mail can not be shown any more.')}</p>"
	return mail["subject"], harmless(mail["html"])


def _link(message: int) -> str:
	url = frappe.utils.escape_html(form_url("Campaign Message", str(message)))
	return f'<p><a href="{url}" target="_blank">{_("Show this mail")}</a></p>'
