"""A tick in the opt-out field of a record, as the wish of its address to get no mail.

It is mirror_store the other way: the tick stands as a Suppressed Email whose origin names the record, so it
keeps mail from the address on every record, list and plain member. It is not mirrored to other records: where
it is taken away, and no other record of the address has one, the Suppressed Email goes with it. A wish that
the person makes by themselves, by a link or elsewhere in Frappe, takes its place and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import frappe
from frappe.model.document import Document
from frappe.utils import cint

from email_campaigns.audience.address import address_key, normalise_or_empty, spellings
from email_campaigns.audience.sources_store import OPT_OUT_ORIGIN, Source, sources
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.audience.suppression.suppression import UNSUBSCRIBED
from email_campaigns.settings import app_settings

SLICE = 2000  # records


def follow_record(doc: Document, method: str | None = None) -> None:
	"""on_update of every document: follow the opt-out field of a recipient source's record.

	Other documents cost one look into the cached settings.
	"""
	if frappe.flags.in_install or frappe.flags.in_uninstall or frappe.flags.in_migrate:
		return
	row = next((row for row in app_settings().recipient_sources if row.source_doctype == doc.doctype), None)
	if not row or not row.enabled or not row.opt_out_field:
		return
	(ticked, address), (was_ticked, former) = _wish(doc, row), _wish(doc.get_doc_before_save(), row)
	if (ticked, address) == (was_ticked, former):
		return
	if ticked and address:
		suppression_store.adopt_opt_outs([(address, _origin(doc.doctype, doc.name))])
	elif was_ticked:
		_release({former, address} - {""})


def _wish(doc: Document | None, row: Document) -> tuple[bool, str]:
	"""Return whether a record has the tick, and its normalised address."""
	if not doc:
		return False, ""
	return bool(cint(doc.get(row.opt_out_field))), normalise_or_empty(doc.get(row.email_field))


def follow_records() -> int:
	"""Follow the opt-out fields of all records, also where a change went past the documents.

	Returns the number of addresses that changed. It reads each recipient source once.
	"""
	known = [source for source in sources().values() if source.opt_out_field]
	return sum(_adopt(source) + _release(_unticked(source)) for source in known)


def _adopt(source: Source) -> int:
	return sum(
		suppression_store.adopt_opt_outs(
			[
				(address, _origin(source.doctype, name))
				for name, email in rows
				if (address := normalise_or_empty(email))
			]
		)
		for rows in _ticked_slices(source)
	)


def _ticked_slices(source: Source) -> Iterator[tuple]:
	"""Yield (name, address) of the records with a tick whose address gets mail, slice by slice."""
	after = None
	while True:
		rows = frappe.db.sql(
			f"""SELECT s.name, s.`{source.email_field}` FROM `tab{source.doctype}` s
			WHERE {source.opt_out} = 1 AND s.`{source.email_field}` != ''
				AND (%(after)s IS NULL OR s.name > %(after)s)
				AND NOT EXISTS (SELECT 1 FROM `tabSuppressed Email` p
					WHERE p.email = s.`{source.email_field}` AND COALESCE(p.target_list, '') = ''
						AND p.reason != 'Soft Bounce')
			ORDER BY s.name LIMIT {SLICE}""",
			{"after": after},
		)
		yield rows
		if len(rows) < SLICE:
			return
		after = rows[-1][0]


def _unticked(source: Source) -> set[str]:
	"""Return the addresses that are suppressed for the tick of a record which has none any more."""
	prefix = _origin(source.doctype, "")
	rows = frappe.db.sql(
		f"""SELECT p.email, s.`{source.email_field}` FROM `tabSuppressed Email` p
		JOIN `tab{source.doctype}` s ON s.name = SUBSTRING(p.origin, %(length)s)
		WHERE p.origin LIKE %(origins)s AND p.reason = %(reason)s AND COALESCE(p.target_list, '') = ''
			AND {source.opt_out} = 0""",
		{"length": len(prefix) + 1, "origins": f"{prefix}%", "reason": UNSUBSCRIBED},
	)
	return {
		email for email, address in rows if address_key(email) == address_key(normalise_or_empty(address))
	}


def _release(addresses: Collection[str]) -> int:
	"""Delete the suppressions that stood for a tick of some addresses, unless another record has one."""
	ticked = _ticked_keys(addresses)
	free = [address for address in addresses if address_key(address) not in ticked]
	return suppression_store.lift_opt_outs(free)


def _ticked_keys(addresses: Collection[str]) -> set[str]:
	"""Return the keys of those of some normalised addresses that a record with a tick has."""
	spelled = tuple(spelling for address in addresses for spelling in spellings(address))
	if not spelled:
		return set()
	return {
		address_key(normalise_or_empty(email))
		for source in sources().values()
		if source.opt_out_field
		for email in frappe.get_all(
			source.doctype,
			{source.email_field: ("in", spelled), source.opt_out_field: 1},
			pluck=source.email_field,
		)
	}


def _origin(doctype: str, name: str) -> str:
	return f"{OPT_OUT_ORIGIN}{doctype} {name}"
