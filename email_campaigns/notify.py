"""Notifications to users, by Frappe's own means."""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification


def notify_users(users: Collection[str], doctype: str, name: str, subject: str, **values: object) -> None:
	"""Notify users, given by their names, of a document.

	`subject` is HTML; `values` are further fields of Notification Log.
	"""
	addresses = frappe.get_all("User", {"name": ["in", list(users) or [""]]}, pluck="email")
	if addresses:
		notification = {"type": "Alert", "document_type": doctype, "document_name": name, "subject": subject}
		enqueue_create_notification(addresses, {**notification, "from_user": frappe.session.user, **values})
