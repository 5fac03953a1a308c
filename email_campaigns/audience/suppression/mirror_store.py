"""A person's wish to get no campaign mail, mirrored to where the rest of Frappe looks for it.

The mirrors are a global Email Unsubscribe, and the opt-out field of every record of a recipient source that
has the address. An Email Unsubscribe that is written here has the flag `from_suppression`, so that its own
hooks do not write the wish a second time.
"""

from __future__ import annotations

import frappe

from email_campaigns.audience.address import address_key, spellings
from email_campaigns.audience.sources_store import Source, sources

# Email Unsubscribe has the ordinary length; an address beyond it is held by Suppressed Email alone.
MIRRORED_LENGTH = 140


def mirror_wish(address: str) -> bool:
	"""Mirror the wish of a normalised address; returns True where a mirror lacked it."""
	ticked = _set_opt_outs(address, 1)
	if len(address) > MIRRORED_LENGTH or _email_unsubscribes(address):
		return ticked
	mirror = frappe.get_doc({"doctype": "Email Unsubscribe", "email": address, "global_unsubscribe": 1})
	# Its own validation takes josé@ and jose@ for one, as the collation does; `_email_unsubscribes` does not.
	mirror.flags.update({"from_suppression": True, "ignore_validate": True})
	mirror.insert(ignore_permissions=True)
	return True


def lift_wish(address: str, leave_out: str = "") -> bool:
	"""Take the wish back everywhere; returns True where a mirror had it.

	`leave_out` names an Email Unsubscribe that the caller is deleting already.
	"""
	unticked = _set_opt_outs(address, 0)
	names = [name for name in _email_unsubscribes(address) if name != leave_out]
	for name in names:
		flags = {"from_suppression": True}
		# For good: a person who comes back wants no trace of their absence among the deleted documents.
		frappe.delete_doc(
			"Email Unsubscribe", name, ignore_permissions=True, flags=flags, delete_permanently=True
		)
	return unticked or bool(names)


def is_mirrored(address: str) -> bool:
	"""Tell whether a global Email Unsubscribe has the wish of a normalised address."""
	return bool(_email_unsubscribes(address))


def _email_unsubscribes(address: str) -> list[str]:
	rows = frappe.get_all(
		"Email Unsubscribe",
		filters={"email": ["in", spellings(address)], "global_unsubscribe": 1},
		fields=["name", "email"],
	)
	return [row.name for row in rows if _is_same(row.email, address)]


def _set_opt_outs(address: str, value: int) -> bool:
	"""Set the opt-out field of all records with the address; returns True where one changed."""
	with_field = [source for source in sources().values() if source.opt_out_field]
	return sum(_set_opt_out(source, address, value) for source in with_field) > 0


def _set_opt_out(source: Source, address: str, value: int) -> int:
	rows = frappe.get_all(
		source.doctype,
		filters={source.email_field: ["in", spellings(address)], source.opt_out_field: 1 - value},
		fields=["name", f"{source.email_field} as email"],
	)
	names = [row.name for row in rows if _is_same(row.email, address)]
	# Without permissions and the record's own rules: the wish holds even where the record could not be saved.
	for name in names:
		frappe.db.set_value(source.doctype, name, source.opt_out_field, value)
	return len(names)


def _is_same(raw: str, address: str) -> bool:
	return address_key(raw.strip()) in {address_key(spelling) for spelling in spellings(address)}
