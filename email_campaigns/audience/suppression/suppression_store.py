"""Suppressed addresses in the database: the only writer of Suppressed Email, but for its own form.

A suppression belongs to an address, not to a member: leaving a list, joining it again or a new record with
the same address changes nothing. `_save` is the one INSERT; mirror_store.py mirrors a person's wish.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, create_batch, now

from email_campaigns.audience.address import address_key, normalise_known, normalise_or_empty
from email_campaigns.audience.recipients_store import HOLDS
from email_campaigns.audience.sources_store import OPT_OUT_ORIGIN
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
from email_campaigns.site_time import site_time
from email_campaigns.text import _lt

SLICE = 500
LEFT_LIST = _lt("Left This List")
_MAILINGS = {"Mass Email": "campaign", "Campaign": "name"}  # a doctype and its field with the campaign
# In this order: the comparison needs the old reason until the last.
_RAISED = ("modified", "modified_by", "origin", "refusal", "expires_on", "expires_epoch", "reason")


class Row(NamedTuple):
	"""One entry: a normalised address, its list or EVERYTHING, and why it gets no mail.

	`expires` is the end of it in Unix seconds, 0 where it holds until somebody deletes it.
	"""

	address: str
	target_list: str
	reason: str
	origin: str
	refusal: str = ""
	expires: int = 0


def suppress(  # noqa: PLR0913 -- the columns of one entry, each by its name
	email: str,
	*,
	reason: str,
	origin: str,
	target_list: str = EVERYTHING,
	refusal: str = "",
	expires: int = 0,
) -> bool:
	"""Keep the mails of a list, or all mails, from an address; returns True where that is new.

	`refusal` is the key of the server's refusal (delivery.smtp.refusal_key) where the address bounced.
	`expires` is when it ends by itself, in Unix seconds, 0 for never.

	A replay changes nothing. A person's own wish to get no mail at all is mirrored to Email Unsubscribe and
	to the opt-out fields of the recipient sources. Raises InvalidAddress, and ValueError for an unknown
	reason.
	"""
	address = normalise_known(email)
	if forgotten_store.is_forgotten(address):
		return False  # it gets no mail anyway, and must not be stored again
	changed = _save([Row(address, target_list, reason, origin, refusal, expires)]) > 0
	wish = target_list == EVERYTHING and reason in PERSONS_WISH
	changed = (wish and _take_over_opt_out(address, origin)) or changed
	# A bounced address keeps its reason, yet the person's wish must be known once the bounce is lifted. Every
	# other old record was mirrored when it was new, perhaps by a click at the same moment, not yet visible.
	if wish and (changed or read_scope(address).blocked):
		changed = mirror_store.mirror_wish(address) or changed
	return changed


def suppress_bounced(rows: Sequence[Row]) -> None:
	"""Keep all mails from addresses that have bounced, as `suppress` does for one.

	`rows` have reasons of BOUNCES, which are no person's wish. Raises InvalidAddress.
	"""
	known = [row._replace(address=normalise_known(row.address)) for row in rows]
	_save(_without_forgotten(known))


def _without_forgotten(rows: Sequence[Row]) -> list[Row]:
	"""Leave out addresses that must not be stored again; they get no mail anyway."""
	forgotten = forgotten_store.find_forgotten([row.address for row in rows])
	return [row for row in rows if row.address not in forgotten]


def _take_over_opt_out(address: str, origin: str) -> bool:
	"""Put the person's own wish in the place of one that stands for the tick of a record."""
	frappe.db.sql(
		"""UPDATE `tabSuppressed Email` SET origin = %s
		WHERE name = %s AND reason = %s AND origin LIKE %s""",
		(origin, record_name(address), UNSUBSCRIBED, f"{OPT_OUT_ORIGIN}%"),
	)
	return affected_rows() > 0


def adopt_opt_outs(rows: Sequence[tuple[str, str]]) -> int:
	"""Suppress (normalised address, origin) for the ticks of records; return a number above 0 for a change.

	Nothing is mirrored: the tick is where the wish was made.
	"""
	return _save(
		_without_forgotten([Row(address, EVERYTHING, UNSUBSCRIBED, origin) for address, origin in rows])
	)


def lift_opt_outs(addresses: Sequence[str]) -> int:
	"""Delete the suppressions of normalised addresses that stand for a tick; return how many."""
	names = tuple(record_name(address) for address in addresses)
	if not names:
		return 0
	frappe.db.sql(
		"DELETE FROM `tabSuppressed Email` WHERE name IN %s AND reason = %s AND origin LIKE %s",
		(names, UNSUBSCRIBED, f"{OPT_OUT_ORIGIN}%"),
	)
	return affected_rows()


def lift(email: str, *, target_list: str = EVERYTHING) -> bool:
	"""Take back a person's own wish, for a list or for everything; returns True where something changed.

	A hard bounce and an entry made by hand stay. Raises InvalidAddress.
	"""
	address = normalise_known(email)
	names = [
		row.name
		for row in _rows(address)
		if (row.target_list or EVERYTHING) == target_list and row.reason in PERSONS_WISH
	]
	unmirrored = target_list == EVERYTHING and mirror_store.lift_wish(address)
	if not names:
		return unmirrored
	frappe.db.delete("Suppressed Email", {"name": ["in", names]})
	return affected_rows() > 0  # none where the same click came twice at once


def keep_hidden_wish(address: str) -> None:
	"""Suppress a normalised address whose hard bounce is gone and whose own wish for no mail still holds."""
	if mirror_store.is_mirrored(address):
		suppress(address, reason=UNSUBSCRIBED, origin=_("Held by Email Unsubscribe"))


def delete_expired(most: int) -> list[tuple[str, str]]:
	"""Delete up to `most` entries that have ended by themselves; return their (address, origin)."""
	return list(
		frappe.db.sql(
			"""DELETE FROM `tabSuppressed Email`
			WHERE expires_epoch BETWEEN 1 AND UNIX_TIMESTAMP() ORDER BY name LIMIT %s
			RETURNING email, origin""",
			most,
		)
	)


def read_scope(email: str) -> SuppressionScope:
	"""Return what is kept from an address, suppressed or not. Raises InvalidAddress."""
	return build_scope((row.target_list, row.reason) for row in _rows(normalise_known(email)))


def lists_with_member(email: str, lists: Sequence[str]) -> list[str]:
	"""Return those of `lists` that still exist and have a normalised address as a member, sorted."""
	rows = frappe.db.sql(
		"""SELECT DISTINCT m.target_list, m.email FROM `tabTarget List Member` m
		JOIN `tabTarget List` l ON l.name = m.target_list
		WHERE m.target_list IN %s AND m.email = %s""",
		(tuple(lists) or ("",), email),
	)
	return sorted(
		{target_list for target_list, address in rows if address_key(address) == address_key(email)}
	)


def adopt_email_unsubscribes() -> int:
	"""Suppress the addresses of global Email Unsubscribes that are older than this app; returns how many."""
	unsubscribes = frappe.get_all(
		"Email Unsubscribe", filters={"global_unsubscribe": 1}, fields=["name", "email"], order_by="creation"
	)
	addresses = [(normalise_or_empty(row.email), row) for row in unsubscribes]
	return _save(
		[Row(address, EVERYTHING, UNSUBSCRIBED, _origin(row)) for address, row in addresses if address]
	)


def mirror_email_unsubscribe(doc: Document, method: str | None = None) -> None:
	"""after_insert of Email Unsubscribe (`doc`): suppress a person who unsubscribes elsewhere in Frappe.

	A global one suppresses everything. One for a mailing or campaign suppresses its lists, or everything
	where it has none, since then nothing narrower says what the person does not want. One for an Email
	Campaign ends that sequence alone (drip.events_store). Any other reference has nothing to do with
	campaigns.
	"""
	address = normalise_or_empty(doc.email)
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


def lift_email_unsubscribe(doc: Document, method: str | None = None) -> None:
	"""on_trash of Email Unsubscribe (`doc`): take back the suppressions that it brought."""
	address = normalise_or_empty(doc.email)
	if not address or doc.flags.from_suppression:
		return
	for row in _rows(address):
		everything = not row.target_list and doc.global_unsubscribe
		if row.reason in PERSONS_WISH and (everything or row.origin == _origin(doc)):
			frappe.db.delete("Suppressed Email", {"name": row.name})
	if doc.global_unsubscribe:
		mirror_store.lift_wish(address, leave_out=doc.name)


def source_lists(doctype: str, name: str) -> list[str]:
	"""Return the target lists of a mailing or campaign: its own, else its campaign's. Others have none."""
	if doctype not in _MAILINGS:
		return []
	own = _own_lists(doctype, name)
	campaign = (
		None if own or doctype == "Campaign" else frappe.db.get_value(doctype, name, _MAILINGS[doctype])
	)
	return own or (_own_lists("Campaign", campaign) if campaign else [])


def _own_lists(doctype: str, name: str) -> list[str]:
	filters = {"parenttype": doctype, "parent": name, "parentfield": "target_lists"}
	return frappe.get_all("Campaign Target List", filters=filters, pluck="target_list", order_by="idx")


def follow_renamed_list(
	doc: Document, method: str | None = None, old: str = "", new: str = "", merge: bool = False
) -> None:
	"""after_rename of Target List (`doc`): rename the records, whose names are made from address and list.

	Otherwise a new list with the old title would meet the names of these records.
	"""
	rows = frappe.get_all(
		"Suppressed Email",
		filters={"target_list": new},
		fields=["name", "email", "reason", "origin", "refusal", "expires_epoch"],
	)
	stale = [row for row in rows if row.name != record_name(row.email, new)]
	for batch in create_batch(stale, SLICE):
		frappe.db.delete("Suppressed Email", {"name": ["in", [row.name for row in batch]]})
		_save([_renamed(row, new) for row in batch])


def carry_over(rows: Sequence[tuple[str, str, str]], target_list: str) -> None:
	"""Suppress (address, reason, origin) on a list to which members of another are being copied.

	The addresses are normalised, as those of members are.
	"""
	_save([Row(address, target_list, reason, origin) for address, reason, origin in rows])


def _rows(address: str) -> list:
	# By key, for the collation of the index takes é and e for the same letter.
	rows = frappe.db.sql(
		f"""SELECT s.name, s.email, s.target_list, s.reason, s.origin FROM `tabSuppressed Email` s
		WHERE s.email = %s AND {HOLDS}""",
		address,
		as_dict=True,
	)
	return [row for row in rows if address_key(row.email) == address_key(address)]


def _save(rows: Sequence[Row]) -> int:
	"""Insert rows, or make the reason of known records weightier.

	Returns a number above 0 where something changed. Raises ValueError for an unknown reason.
	"""
	if unknown := next((row for row in rows if row.reason not in BY_WEIGHT), None):
		raise ValueError(f"Unknown reason of a suppression in {unknown}")
	return sum(_save_batch(batch) for batch in create_batch(rows, SLICE))


def _save_batch(rows: Sequence[Row]) -> int:
	stamp, user = now(), frappe.session.user
	values = [
		value
		for row in rows
		for value in (
			*(record_name(row.address, row.target_list), stamp, stamp, user, user),
			*(row.address.lower(), row.target_list or None, row.reason, row.origin, row.refusal or None),
			*(site_time(row.expires) if row.expires else None, row.expires),
		)
	]
	weights = ", ".join(["%s"] * len(BY_WEIGHT))
	heavier = f"FIELD(VALUES(reason), {weights}) > FIELD(reason, {weights})"
	# Of the same weight, one that ends later replaces one that ends.
	heavier += " OR VALUES(reason) = reason AND VALUES(expires_epoch) > expires_epoch AND expires_epoch > 0"
	sets = [f"{column} = IF({heavier}, VALUES({column}), {column})" for column in _RAISED]
	frappe.db.sql(
		"INSERT INTO `tabSuppressed Email`"
		" (name, creation, modified, owner, modified_by, email, target_list, reason, origin, refusal,"
		" expires_on, expires_epoch)"
		" VALUES "
		+ ", ".join([f"({', '.join(['%s'] * 12)})"] * len(rows))
		+ " ON DUPLICATE KEY UPDATE "
		+ ", ".join(sets),
		(*values, *(BY_WEIGHT * 2 * len(_RAISED))),
	)
	return affected_rows()


def _renamed(row: frappe._dict, target_list: str) -> Row:
	origin, refusal = row.origin or "", row.refusal or ""
	return Row(row.email, target_list, row.reason, origin, refusal, cint(row.expires_epoch))


def _origin(email_unsubscribe: Document) -> str:
	return f"Email Unsubscribe {email_unsubscribe.name}"


def member_states(members: Sequence[int]) -> dict[int, str]:
	"""Return {member: why it gets no mail} of those `members` whose address is suppressed.

	A suppression for everything wins over one for the list.
	"""
	rows = frappe.db.sql(
		f"""SELECT m.name, s.reason, COALESCE(s.target_list, '') != ''
		FROM `tabTarget List Member` m JOIN `tabSuppressed Email` s
			ON s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		WHERE m.name IN %s AND COALESCE(s.target_list, '') IN ('', m.target_list) AND {HOLDS}
		ORDER BY COALESCE(s.target_list, '') != '' DESC""",
		(tuple(members) or (0,),),
	)
	# A suppression for everything comes last, and so stays in the dict.
	return {
		name: LEFT_LIST if of_list and reason in PERSONS_WISH else reason for name, reason, of_list in rows
	}
