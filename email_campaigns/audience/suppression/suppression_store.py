"""Suppressed addresses in the database: the only writer of Suppressed Email, but for its own form.

It lasts for an address, not for a member: leaving a list, joining it again or a new record with the same
address change nothing. What it does to other records is in mirror_store.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import frappe
from frappe.utils import now

from email_campaigns.audience.address import InvalidAddress, address_key, normalise
from email_campaigns.audience.suppression import forgotten_store, mirror_store
from email_campaigns.audience.suppression.suppression import (
	BY_WEIGHT,
	EVERYTHING,
	PERSONS_WISH,
	UNSUBSCRIBED,
	SuppressionScope,
	build_scope,
	record_name,
)
from email_campaigns.compat import affected_rows

SLICE = 500
LEFT_LIST = "Left This List"


def suppress(email: str, *, reason: str, origin: str, target_list: str = EVERYTHING) -> bool:
	"""Keep an address from a list, or from everything; True where that is new. A replay is absorbed.

	The person's own wish, where it is for everything, is carried over to Email Unsubscribe and to the
	opt-out fields of the recipient sources. Raises InvalidAddress, and ValueError for an unknown reason.
	"""
	address = normalise(email)
	if forgotten_store.is_forgotten(address):
		return False  # it gets nothing anyway, and must not be written down again
	changed = _write([(address, target_list, reason, origin)]) > 0
	wish = target_list == EVERYTHING and reason in PERSONS_WISH
	# A bounced address keeps its reason, yet the person's wish must be known once the bounce is lifted. Any
	# other old record was told when it was new, perhaps by a click at the same moment, not yet to be seen.
	if wish and (changed or read_scope(address).blocked):
		changed = mirror_store.mirror_wish(address) or changed
	return changed


def lift(email: str, *, target_list: str = EVERYTHING) -> bool:
	"""Take back what the person asked for, for a list or for everything; True where something changed.

	A hard bounce and an entry made by hand stay. Raises InvalidAddress.
	"""
	address = normalise(email)
	names = [
		row.name
		for row in _rows(address)
		if (row.target_list or EVERYTHING) == target_list and row.reason in PERSONS_WISH
	]
	untold = target_list == EVERYTHING and mirror_store.lift_wish(address)
	if not names:
		return untold
	frappe.db.delete("Suppressed Email", {"name": ["in", names]})
	return affected_rows() > 0  # none where the same click came twice at once


def read_scope(email: str) -> SuppressionScope:
	"""Return what is kept from an address, which need not be suppressed at all. Raises InvalidAddress."""
	return build_scope((row.target_list, row.reason) for row in _rows(normalise(email)))


def lists_with_member(email: str, lists: Sequence[str]) -> list[str]:
	"""Return those of `lists` that still exist and have the address as a member, sorted."""
	rows = frappe.db.sql(
		"""SELECT DISTINCT m.target_list, m.email FROM `tabTarget List Member` m
		JOIN `tabTarget List` l ON l.name = m.target_list
		WHERE m.target_list IN %s AND m.email = %s""",
		(tuple(lists) or ("",), email),
	)
	return sorted({target_list for target_list, found in rows if address_key(found) == address_key(email)})


def adopt_email_unsubscribes() -> int:
	"""Take over the global records of Email Unsubscribe that were there before this app; returns how many."""
	emails = frappe.get_all(
		"Email Unsubscribe", filters={"global_unsubscribe": 1}, fields=["name", "email"], order_by="creation"
	)
	rows = [(_valid(row.email), EVERYTHING, UNSUBSCRIBED, _origin(row)) for row in emails]
	return sum(_write(part) for part in _slices([row for row in rows if row[0]]))


def mirror_email_unsubscribe(doc, method=None) -> None:
	"""after_insert of Email Unsubscribe: a person who leaves anywhere in Frappe has left campaigns too.

	Global: everything. For a mailing or campaign: its lists, or everything where it has none, since then
	nothing narrower says what the person is tired of. For an Email Campaign it ends that sequence alone
	(delivery.drip_events_store). Any other reference is no business of campaigns.
	"""
	address = _valid(doc.email)
	if not address or doc.flags.from_suppression:
		return
	if doc.global_unsubscribe:
		lists = [EVERYTHING]
	elif doc.reference_doctype in _MAILINGS:
		lists = source_lists(doc.reference_doctype, doc.reference_name) or [EVERYTHING]
	else:
		return
	for target_list in lists:
		suppress(address, reason=UNSUBSCRIBED, origin=_origin(doc), target_list=target_list)


def lift_email_unsubscribe(doc, method=None) -> None:
	"""on_trash of Email Unsubscribe: what it brought is taken back with it."""
	address = _valid(doc.email)
	if not address or doc.flags.from_suppression:
		return
	for row in _rows(address):
		everything = not row.target_list and doc.global_unsubscribe
		if row.reason in PERSONS_WISH and (everything or row.origin == _origin(doc)):
			frappe.db.delete("Suppressed Email", {"name": row.name})
	if doc.global_unsubscribe:
		mirror_store.lift_wish(address, leave_out=doc.name)


_MAILINGS = {"Mass Email": "campaign", "Campaign": "name"}


def source_lists(doctype: str, name: str) -> list[str]:
	"""Return the target lists that a mailing goes to: its own, else its campaign's. Empty for another doctype."""
	if doctype not in _MAILINGS:
		return []
	own = _lists_in(doctype, name)
	campaign = (
		None if own or doctype == "Campaign" else frappe.db.get_value(doctype, name, _MAILINGS[doctype])
	)
	return own or (_lists_in("Campaign", campaign) if campaign else [])


def _lists_in(doctype: str, name: str) -> list[str]:
	filters = {"parenttype": doctype, "parent": name, "parentfield": "target_lists"}
	return frappe.get_all("Campaign Target List", filters=filters, pluck="target_list", order_by="idx")


def follow_renamed_list(doc, method=None, old: str = "", new: str = "", merge: bool = False) -> None:
	"""after_rename of Target List: records are named by address and list, so that they follow the new title.

	Otherwise a new list with the old title would find its records' names taken.
	"""
	rows = frappe.get_all(
		"Suppressed Email", filters={"target_list": new}, fields=["name", "email", "reason", "origin"]
	)
	stale = [row for row in rows if row.name != record_name(row.email, new)]
	for part in _slices(stale):
		frappe.db.delete("Suppressed Email", {"name": ["in", [row.name for row in part]]})
		_write([(row.email, new, row.reason, row.origin or "") for row in part])


def carry_over(rows: Sequence[tuple[str, str, str]], target_list: str) -> None:
	"""Keep addresses, with their (address, reason, origin), from a list that their members are being copied to."""
	for part in _slices(rows):
		_write([(address, target_list, reason, origin) for address, reason, origin in part])


def _rows(address: str) -> list:
	# The collation takes é and e for one letter: what the index finds is compared by key.
	rows = frappe.get_all(
		"Suppressed Email",
		filters={"email": address},
		fields=["name", "email", "target_list", "reason", "origin"],
	)
	return [row for row in rows if address_key(row.email) == address_key(address)]


def _write(rows: Sequence[tuple[str, str, str, str]]) -> int:
	"""Insert (address, list, reason, origin), or raise the reason of those that are there; returns changes."""
	if any(reason not in BY_WEIGHT for _address, _list, reason, _origin in rows):
		raise ValueError(f"Unknown reason of a suppression in {rows[0]}")
	if not rows:
		return 0
	stamp, user = now(), frappe.session.user
	values = [
		value
		for address, target_list, reason, origin in rows
		for value in (
			*(record_name(address, target_list), stamp, stamp, user, user),
			*(address.lower(), target_list or None, reason, origin),
		)
	]
	heavier = "FIELD(VALUES(reason), %s, %s, %s, %s) > FIELD(reason, %s, %s, %s, %s)"
	sets = [f"{column} = IF({heavier}, VALUES({column}), {column})" for column in _RAISED]
	frappe.db.sql(
		"INSERT INTO `tabSuppressed Email`"
		" (name, creation, modified, owner, modified_by, email, target_list, reason, origin) VALUES "
		+ ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(rows))
		+ " ON DUPLICATE KEY UPDATE "
		+ ", ".join(sets),
		(*values, *(BY_WEIGHT * 2 * len(_RAISED))),
	)
	return affected_rows()


# In this order: the comparison needs the old reason until the last.
_RAISED = ("modified", "modified_by", "origin", "reason")


def _slices(rows: Sequence) -> Iterable[Sequence]:
	return (rows[start : start + SLICE] for start in range(0, len(rows), SLICE))


def _valid(email: str) -> str:
	try:
		return normalise(email)
	except InvalidAddress:
		return ""  # nothing is ever sent to it


def _origin(email_unsubscribe) -> str:
	return f"Email Unsubscribe {email_unsubscribe.name}"


def member_states(members: Sequence[int]) -> dict[int, str]:
	"""Return {member: why nothing is sent to the address} for those that are suppressed, weightier reasons first."""
	rows = frappe.db.sql(
		"""SELECT m.name, s.reason, COALESCE(s.target_list, '') != ''
		FROM `tabTarget List Member` m JOIN `tabSuppressed Email` s
			ON s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		WHERE m.name IN %s AND COALESCE(s.target_list, '') IN ('', m.target_list)
		ORDER BY COALESCE(s.target_list, '') != '' DESC""",
		(tuple(members) or (0,),),
	)
	# What holds for every list comes last, and so is what is told.
	return {
		name: LEFT_LIST if of_list and reason in PERSONS_WISH else reason for name, reason, of_list in rows
	}
