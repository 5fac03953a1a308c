"""Mails as they were sent, for the Desk. Each function checks the permission on the mailing or the mail.

What a mail shows comes from the recipient's record, so whoever looks at it may read that record, and sees
only its fields that they may read. The mails of deleted records are for those who may export all that is
known about a person.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from email_campaigns.api.arguments import checked, load
from email_campaigns.api.desk import privacy
from email_campaigns.api.kinds import Name, Number
from email_campaigns.delivery import recompose_store
from email_campaigns.delivery.compose import sent_store
from email_campaigns.delivery.compose.rights_store import FieldRights
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.translation import translate


@frappe.whitelist()
@checked
def show(message: Number) -> dict[str, Any]:
	"""Return a mail of the ledger as it was sent, as recompose_store.show_sent_mail does.

	Throws where it has not left, or can't be shown any more.
	"""
	doc = load("Campaign Message", str(message))
	rights = _rights_on_record(doc)
	try:
		mail = recompose_store.show_sent_mail(doc.name, rights) or {}
	except (TemplateError, RenderError, HeaderError) as error:
		frappe.throw(translate(error), title=_("The Mail Can't Be Shown"))
	if not mail:
		frappe.throw(_("This mail has not been sent, or what it was made of no longer exists."))
	return mail


def _rights_on_record(doc) -> FieldRights | None:
	"""Return the user's rights on the fields of the recipient's record. Throws where they may not read it.

	A deleted record has no permissions any more: None stands for all that is stored of it.
	"""
	if doc.recipient_doctype and frappe.db.exists(doc.recipient_doctype, doc.recipient_name):
		load(doc.recipient_doctype, doc.recipient_name)
		return FieldRights([frappe.session.user])
	privacy.check_manager()
	return None


@frappe.whitelist()
@checked
def texts(name: Name) -> list[dict[str, Any]]:
	"""Return the texts of a mailing and how many mails were made of each, the earliest first.

	The keys are text, edition, subject, mails, and first and last, the times of sending. The answer is empty
	where every edition has had one text only.
	"""
	load("Mass Email", name)
	return sent_store.count_texts(name)
