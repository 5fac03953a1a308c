"""A person's wish to get no campaign mail, carried over to where the rest of Frappe looks for it.

That is a global Email Unsubscribe, and the opt-out field of every record of a recipient source whose
address it is. Records that these write carry the flag `from_suppression`, so that nothing goes in circles.
"""

from __future__ import annotations

import frappe

from email_campaigns.audience.address import address_key, spellings
from email_campaigns.audience.sources_store import Source, sources

# Email Unsubscribe has the ordinary length; an address beyond it is held by Suppressed Email alone.
MIRRORED_LENGTH = 140


def mirror_wish(address: str) -> bool:
	"""Make the wish known; True where it was not known before."""
	told = _tick(address, 1)
	if len(address) > MIRRORED_LENGTH or _email_unsubscribes(address):
		return told
	mirror = frappe.get_doc({"doctype": "Email Unsubscribe", "email": address, "global_unsubscribe": 1})
	# Its own validation takes josé@ and jose@ for one, as the collation does; that it is new was compared here.
	mirror.flags.update({"from_suppression": True, "ignore_validate": True})
	mirror.insert(ignore_permissions=True)
	return True


def lift_wish(address: str, leave_out: str = "") -> bool:
	"""Take the wish back everywhere; True where it was known. `leave_out` is being deleted by somebody else."""
	told = _tick(address, 0)
	names = [name for name in _email_unsubscribes(address) if name != leave_out]
	for name in names:
		flags = {"from_suppression": True}
		# For good: whoever comes back wants no trace of having been away among the deleted documents.
		frappe.delete_doc(
			"Email Unsubscribe", name, ignore_permissions=True, flags=flags, delete_permanently=True
		)
	return told or bool(names)


def is_mirrored(address: str) -> bool:
	"""Tell whether a global Email Unsubscribe holds the wish."""
	return bool(_email_unsubscribes(address))


def _email_unsubscribes(address: str) -> list[str]:
	rows = frappe.get_all(
		"Email Unsubscribe",
		filters={"email": ["in", spellings(address)], "global_unsubscribe": 1},
		fields=["name", "email"],
	)
	return [row.name for row in rows if _same(row.email, address)]


def _tick(address: str, value: int) -> bool:
	return (
		sum(_tick_records(source, address, value) for source in sources().values() if source.opt_out_field)
		> 0
	)


def _tick_records(source: Source, address: str, value: int) -> int:
	rows = frappe.get_all(
		source.doctype,
		filters={source.email_field: ["in", spellings(address)], source.opt_out_field: 1 - value},
		fields=["name", f"{source.email_field} as email"],
	)
	names = [row.name for row in rows if _same(row.email, address)]
	# Past permissions and the record's own rules: the wish holds even if the record could not be saved.
	for name in names:
		frappe.db.set_value(source.doctype, name, source.opt_out_field, value)
	return len(names)


def _same(found: str, address: str) -> bool:
	return address_key(found.strip()) in {address_key(spelling) for spelling in spellings(address)}
