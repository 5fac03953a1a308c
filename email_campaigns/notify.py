"""What Frappe itself sends for the app: notifications to users, and mails of the site."""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe import _
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification
from frappe.email.doctype.email_account.email_account import EmailAccount


def problem_with_site_mail(doctype: str) -> str:
	"""Return why no mail of the site about a doctype can leave, as a sentence; "" where one can.

	The account is the one that frappe.sendmail takes where it is given no sender.
	"""
	if EmailAccount.find_outgoing(match_by_doctype=doctype):
		return ""
	return _("This site has no default outgoing Email Account.")


def notify_users(users: Collection[str], doctype: str, name: str, subject: str, **values: object) -> None:
	"""Notify users, given by their names, of a document.

	`subject` is HTML; `values` are further fields of Notification Log.
	"""
	addresses = frappe.get_all("User", {"name": ["in", list(users) or [""]]}, pluck="email")
	if addresses:
		notification = {"type": "Alert", "document_type": doctype, "document_name": name, "subject": subject}
		enqueue_create_notification(addresses, {**notification, "from_user": frappe.session.user, **values})
