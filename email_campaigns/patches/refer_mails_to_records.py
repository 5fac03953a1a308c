"""Patch: a mail in a timeline refers to the recipient's record, whose readers alone may read it."""

import frappe

from email_campaigns.delivery.compose.timeline_store import TimelineWriter

SLICE = 5000  # mails of the ledger


def execute() -> None:
	"""Let Communications refer to the record, and name the last editor of forms that can still be sent.

	A Communication that refers to a mailing is read by whoever may read the mailing, and one that refers to a
	record by those too who may not read all of its fields.
	"""
	writer = TimelineWriter()
	last = frappe.db.sql("SELECT COALESCE(MAX(name), 0) FROM `tabCampaign Message`")[0][0]
	for first in range(1, last + 1, SLICE):
		writer.write_anew(_stored(first))
		_refer(first)
	frappe.db.sql(
		"""UPDATE `tabMass Email` SET edited_by = modified_by
		WHERE edited_by IS NULL AND status IN ('Draft', 'Pending Approval', 'Pending')"""
	)
	frappe.db.sql("UPDATE tabCampaign SET edited_by = modified_by WHERE edited_by IS NULL")


def _stored(first: int) -> list[int]:
	"""Return the mails of one slice of the ledger that are stored."""
	return frappe.db.sql(
		"""SELECT m.name FROM `tabCampaign Message` m JOIN tabCommunication c ON c.message_id = m.message_id
		WHERE m.name BETWEEN %s AND %s AND m.message_id != '' AND c.sent_or_received = 'Sent'""",
		(first, first + SLICE - 1),
		pluck=True,
	)


def _refer(first: int) -> None:
	"""Change the Communications of one slice of the ledger, in a statement that finds them by their index."""
	frappe.db.sql(
		"""UPDATE `tabCampaign Message` m JOIN tabCommunication c ON c.message_id = m.message_id
		SET c.reference_doctype = IF(m.recipient_doctype = 'User', '', m.recipient_doctype),
			c.reference_name = IF(m.recipient_doctype = 'User', '', m.recipient_name),
			c.email_account = NULL, c.owner = 'Administrator', c.modified_by = 'Administrator'
		WHERE m.name BETWEEN %s AND %s AND m.message_id != '' AND c.sent_or_received = 'Sent'
			AND c.reference_doctype IN ('Mass Email', 'Email Campaign')""",
		(first, first + SLICE - 1),
	)
