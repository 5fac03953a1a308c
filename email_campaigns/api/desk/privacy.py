"""Requests of people about their own address: to see what is known about it, and to have it forgotten.

For campaign managers and system managers. An address is only sent in the body of a POST, because web servers
write the URLs of requests into their logs.
"""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.api.arguments import checked
from email_campaigns.api.kinds import Text
from email_campaigns.audience.address import InvalidAddress, normalise_known
from email_campaigns.audience.suppression import erase_store, forgotten_store
from email_campaigns.compat import change_latest_rows
from email_campaigns.delivery.ledger import counts_store, ends_store
from email_campaigns.inbound import arrivals_store
from email_campaigns.jobs.counts import recount_soon
from email_campaigns.translation import translate

ROLES = frozenset({"Campaign Manager", "System Manager"})


def check_manager() -> None:
	"""Throw PermissionError unless the user has one of the ROLES."""
	if not ROLES & set(frappe.get_roles()):
		frappe.throw(_("Only campaign managers and system managers may do this."), frappe.PermissionError)


def _normalised(email: str) -> str:
	"""Return the address normalised. Throws PermissionError and InvalidEmailAddressError."""
	check_manager()
	try:
		address = normalise_known(email)
	except InvalidAddress as error:
		frappe.throw(translate(error), frappe.InvalidEmailAddressError)
	return address


@frappe.whitelist(methods=["POST"])
@checked
def known_about(email: Text) -> dict:
	"""Return all that the campaigns know about an address, {doctype: its rows}, to be given to the person."""
	return erase_store.export_known(_normalised(email))


@frappe.whitelist(methods=["POST"])
@checked
def forget(email: Text) -> dict:
	"""Forget an address. A keyed hash of it stays, by which the app refuses the address from now on.

	Returns {"members", "mails", "log"}, the numbers of rows, and "elsewhere", the records that still have it.
	"""
	address = _normalised(email)
	change_latest_rows()
	mails = erase_store.find_rows("Campaign Message", address)
	erased = erase_store.erase(address)
	arrivals_store.FILES.forget_damaged()
	cancelled = ends_store.forget(tuple(mails))
	lists, sources = erased.pop("lists"), erased.pop("sources")
	mailings = [source for source in sources if frappe.db.exists("Mass Email", source)]
	for name in mailings:
		counts_store.move_counts(name, "Queued", "Cancelled", cancelled.get(name, 0))
	# A job counts the rest: nobody waits for this request while large lists and mailings are counted.
	recount_soon(frappe.generate_hash(length=10), lists, mailings)
	return {**erased, "elsewhere": erase_store.find_elsewhere(address)}


@frappe.whitelist(methods=["POST"])
@checked
def allow_again(email: Text) -> bool:
	"""Let an address that was forgotten be mailed and join lists again; False where it was not forgotten."""
	return forgotten_store.allow_again(_normalised(email))
