"""Approvals outlive a rename of the campaign, a list, the sender or the account: only the name has changed.

Which approvals hold is asked before the rename, and these are bound to the new names after it. A merge is a
change of the audience or the sender, so it voids approvals as an edit does.
"""

from __future__ import annotations

import frappe
from frappe.model.document import Document

from email_campaigns.delivery.mailing import authors_store, mailing_store
from email_campaigns.mass_mailing.approval import fingerprint

_BOUND = ("Pending Approval", "Pending", "In Process", "Paused")
_HOLDING = "email_campaigns_holding_approvals"


def note_approvals(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""before_rename: note the mailings whose approvals hold."""
	rows = frappe.get_all(
		"Mass Email", {"status": ("in", _BOUND), "approval_hash": ("is", "set")}, ["name", "approval_hash"]
	)
	holding = [] if merge else [row.name for row in rows if _fingerprint(row.name) == row.approval_hash]
	frappe.flags[_HOLDING] = holding


def rebind_approvals(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename: bind the approvals that held to the mailings as they are now."""
	for name in frappe.flags.pop(_HOLDING, None) or ():
		frappe.clear_document_cache("Mass Email", name)
		if approved := _fingerprint(name):
			frappe.db.set_value("Mass Email", name, "approval_hash", approved, update_modified=False)


def rename_author(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename of a User: their mailings are sent with the rights of the same person."""
	rows = frappe.get_all("Mass Email", {"rights_of": ("like", f"%{old}%")}, ["name", "rights_of"])
	for row in rows:
		users = (new if user == old else user for user in authors_store.stored_authors(row))
		rights = authors_store.authors_text(users)
		frappe.db.set_value("Mass Email", row.name, "rights_of", rights, update_modified=False)


def _fingerprint(name: str) -> str:
	"""Return the fingerprint of a mailing, "" where it can't be loaded."""
	try:
		return fingerprint(mailing_store.load_mass_email(name))
	except frappe.ValidationError:
		frappe.clear_last_message()
		return ""
