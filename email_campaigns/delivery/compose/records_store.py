"""The fields of recipients' records that a template uses: one query a doctype, and one a child table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import frappe

from email_campaigns.audience import linked_store
from email_campaigns.audience.known_sources import LINKED_RECORDS, LinkedRecord
from email_campaigns.delivery.compose import shown_store
from email_campaigns.delivery.compose.rights_store import FieldRights, hidden_columns
from email_campaigns.delivery.ledger.row import ClaimedMail


def load_records(
	rows: Iterable[ClaimedMail],
	fields: Collection[str],
	whole: bool,
	rights: FieldRights,
	reader: str = "",
) -> dict[tuple[str, str], Mapping]:
	"""Return {(doctype, name): {field: plain value}} of the records that exist.

	`fields` are those that the template names; with `whole` it may use any. Fields that are not among the
	`rights`, those of the mailing's authors, are left out and render empty. What a record leaves empty comes
	from the records that it links to (known_sources.LINKED_RECORDS); for a `reader` to whom it is shown, from
	those that they may read.
	"""
	names: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		names[row.doctype].append(row.record)
	records: dict[tuple[str, str], Mapping] = {}
	for doctype, members in names.items():
		loaded = _load(doctype, members, None if whole else fields, rights)
		if doctype in LINKED_RECORDS:
			_complete(doctype, loaded, rights, reader)
		for record in loaded:
			records[doctype, str(record["name"])] = record
	return records


def _load(doctype: str, names: list[str], fields: Collection[str] | None, rights: FieldRights) -> list[dict]:
	readable = rights.fields(doctype)
	wanted = readable if fields is None else readable & set(fields)
	meta = frappe.get_meta(doctype)
	tables = [df for df in meta.get_table_fields() if df.fieldname in wanted]
	columns = sorted({"name"} | (wanted - {df.fieldname for df in tables}))
	rows = frappe.db.sql(
		f"SELECT {', '.join(f'`{column}`' for column in columns)} FROM `tab{doctype}` WHERE name IN %s",
		(tuple(names),),
	)
	# Plain dicts, which the renderer reads several times faster than the framework's own kind.
	records = [dict(zip(columns, row, strict=True)) for row in rows]
	for df in tables:
		_add_rows(doctype, df, records, hidden_columns(df.options, rights.levels(doctype)))
	return records


def _add_rows(doctype: str, df, records: list[dict], hidden: Collection[str]) -> None:
	rows = defaultdict(list)
	parents = tuple(record["name"] for record in records) or ("",)
	for row in frappe.db.sql(
		f"""SELECT * FROM `tab{df.options}`
		WHERE parent IN %s AND parenttype = %s AND parentfield = %s ORDER BY idx""",
		(parents, doctype, df.fieldname),
		as_dict=True,
	):
		rows[row.parent].append({column: value for column, value in row.items() if column not in hidden})
	for record in records:
		record[df.fieldname] = rows[record["name"]]


def _complete(doctype: str, records: list[dict], rights: FieldRights, reader: str) -> None:
	for link in linked_store.linked_records(doctype):
		lacking = {
			record["name"]: record
			for record in records
			if any(field in record and not record[field] for field in link.fields)
		}
		links = linked_store.read_links(doctype, link, lacking.keys())
		if reader:
			links = _readable_links(link, links, reader)
		linked = _load_linked(link, links.values(), rights)
		for name, other in links.items():
			_fill(lacking[name], linked.get(other, {}), link)


def _readable_links(link: LinkedRecord, links: Mapping[str, str], reader: str) -> dict[str, str]:
	wanted = {(link.doctype, other) for other in links.values()}
	readable = shown_store.readable_records(wanted, reader)
	return {name: other for name, other in links.items() if (link.doctype, other) in readable}


def _load_linked(
	link: LinkedRecord, names: Collection[str], rights: FieldRights
) -> dict[str, Mapping[str, object]]:
	if not names:
		return {}
	rows = _load(link.doctype, list(names), set(link.fields.values()), rights)
	return {row["name"]: row for row in rows}


def _fill(record: dict, linked: Mapping[str, object], link: LinkedRecord) -> None:
	for field, other in link.fields.items():
		if field in record and not record[field] and linked.get(other):
			record[field] = linked[other]


def readable_part(doctype: str, record: Mapping, rights: FieldRights) -> dict[str, object]:
	"""Return what the `rights` show of a record that was loaded, or stored, with more of its fields."""
	tables = {df.fieldname: df.options for df in frappe.get_meta(doctype).get_table_fields()}
	levels, part = rights.levels(doctype), {}
	for field in record.keys() & rights.fields(doctype):
		part[field] = record[field]
		if field in tables:
			hidden = hidden_columns(tables[field], levels)
			part[field] = [
				{column: value for column, value in row.items() if column not in hidden}
				for row in record[field]
			]
	return part
