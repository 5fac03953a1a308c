"""Frappe's own notifications to users."""

from __future__ import annotations

from collections.abc import Collection

import frappe
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification


def notify_users(users: Collection[str], doctype: str, name: str, subject: str, **values) -> None:
	"""Notify users, by their names, of a document; `subject` is HTML."""
	addresses = frappe.get_all("User", {"name": ["in", list(users) or [""]]}, pluck="email")
	if addresses:
		about = {"type": "Alert", "document_type": doctype, "document_name": name, "subject": subject}
		enqueue_create_notification(addresses, {**about, "from_user": frappe.session.user, **values})
