"""What people may ask about themselves: all that is known about an address, and to be forgotten.

For campaign managers and system managers. An address is only ever sent in the body of a POST, for the addresses of
requests are written into logs.
"""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.audience.suppression import erase_store, forgotten_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import counts_store

ROLES = frozenset({"Campaign Manager", "System Manager"})


def _normalised(email: str) -> str:
	"""Return the address that a manager names. Raises PermissionError and ValidationError."""
	if not ROLES & set(frappe.get_roles()):
		frappe.throw(_("Only campaign managers and system managers may do this."), frappe.PermissionError)
	try:
		return normalise(email)
	except InvalidAddress as error:
		frappe.throw(str(error), frappe.InvalidEmailAddressError)


@frappe.whitelist(methods=["POST"])
def known_about(email: str) -> dict:
	"""Return all that the campaigns know about an address, {doctype: its rows}, to be handed to the person."""
	return erase_store.export_known(_normalised(email))


@frappe.whitelist(methods=["POST"])
def forget(email: str) -> dict:
	"""Forget an address: a keyed hash stays, by which it is refused from now on.

	Returns {"members", "mails", "log"}, how many rows there were, and {"elsewhere": the records that still have it}.
	"""
	address = _normalised(email)
	change_latest_rows()
	done = erase_store.erase(address)
	for target_list in done.pop("lists"):
		audience.update_counts(target_list)
	for source in done.pop("sources"):
		if frappe.db.exists("Mass Email", source):
			counts_store.recount(source)
	return {**done, "elsewhere": erase_store.find_elsewhere(address)}


@frappe.whitelist(methods=["POST"])
def allow_again(email: str) -> bool:
	"""Let an address that was forgotten be mailed and join lists again; False where it was not forgotten."""
	return forgotten_store.allow_again(_normalised(email))
