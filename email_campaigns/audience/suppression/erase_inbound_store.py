"""Forgetting an address in what has come in for mails: the events about it go, and raw mails that name it."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any

import frappe

from email_campaigns.audience.address import address_key

DOCTYPE = "Inbound Event"
EMPTY = b64encode(zlib.compress(b""))
SLICE = 200  # raw mails that are looked through at once


def find_events(address: str, mails: list[int]) -> list[int]:
	"""Return the numbers of the events of a normalised address and of mails of the ledger, sorted.

	They are those about a mail to it, and those that it has sent.
	"""
	rows = frappe.db.sql(
		"SELECT name, email, sender FROM `tabInbound Event` WHERE email = %s OR sender = %s",
		(address, address),
	)
	# By key, for the collation of the index takes é and e for the same letter.
	key = address_key(address)
	names = {name for name, *known in rows if key in (address_key(email or "") for email in known)}
	if mails:
		names |= set(frappe.get_all(DOCTYPE, {"message": ("in", mails)}, pluck="name"))
	return sorted(names)


def read_events(address: str, mails: list[int]) -> list[dict[str, Any]]:
	"""Return the events of `find_events`, each with its raw mail as text."""
	events = frappe.get_all(DOCTYPE, {"name": ("in", find_events(address, mails) or [0])}, ["*"])
	for event in events:
		event.raw = zlib.decompress(b64decode(event.raw or EMPTY)).decode("utf-8", "replace")
	return events


def erase_events(address: str, mails: list[int]) -> None:
	"""Delete the events of `find_events`, and the raw mails of others that name the address."""
	if names := find_events(address, mails):
		frappe.db.delete(DOCTYPE, {"name": ("in", names)})
	if naming := [name for name, raw in _raw_mails() if _names(raw, address)]:
		frappe.db.sql("UPDATE `tabInbound Event` SET raw = '' WHERE name IN %s", (tuple(naming),))


def _raw_mails() -> Iterator[tuple[int, str]]:
	last = 0
	while rows := frappe.db.sql(
		"SELECT name, raw FROM `tabInbound Event` WHERE name > %s AND raw != '' ORDER BY name LIMIT %s",
		(last, SLICE),
	):
		yield from rows
		last = rows[-1][0]


def _names(packed: str, address: str) -> bool:
	"""Tell whether a raw mail may name an address. What can't be read may name it."""
	try:
		raw = zlib.decompress(b64decode(packed)).lower()
	except (ValueError, zlib.error):
		return True
	return address.lower().encode() in raw
