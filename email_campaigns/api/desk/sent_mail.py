"""Mails as they were sent, for the Desk. Each function checks the permission on the mailing or the mail.

What a mail shows comes from the recipient's record, so whoever looks at it may read that record. The mails of
deleted records are for those who may export all that is known about a person.
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
from email_campaigns.message.compile import RenderError, TemplateError
from email_campaigns.message.headers import HeaderError
from email_campaigns.translation import translate


@frappe.whitelist()
@checked
def show(message: Number) -> dict[str, Any]:
	"""Return a mail of the ledger as it was sent, as recompose_store.show_sent_mail does.

	Throws where it has not left, or can't be shown any more.
	"""
	doc = load("Campaign Message", str(message))
	_check_record(doc)
	try:
		mail = recompose_store.show_sent_mail(doc.name) or {}
	except (TemplateError, RenderError, HeaderError) as error:
		frappe.throw(translate(error), title=_("The Mail Can't Be Shown"))
	if not mail:
		frappe.throw(_("This mail has not been sent, or what it was made of no longer exists."))
	return mail


def _check_record(doc) -> None:
	"""Throw where the user may not read the recipient's record; a deleted one has no permissions any more."""
	if doc.recipient_doctype and frappe.db.exists(doc.recipient_doctype, doc.recipient_name):
		frappe.get_doc(doc.recipient_doctype, doc.recipient_name).check_permission("read")
	else:
		privacy.check_manager()


@frappe.whitelist()
@checked
def texts(name: Name) -> list[dict[str, Any]]:
	"""Return the texts of a mailing and how many mails were made of each, the earliest first.

	The keys are text, edition, subject, mails, and first and last, the times of sending. The answer is empty
	where every edition has had one text only.
	"""
	load("Mass Email", name)
	return sent_store.count_texts(name)
