"""The fields of recipients' records that a template uses: one query a doctype, and one a child table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import frappe

from email_campaigns.audience.sources_store import PLAIN
from email_campaigns.delivery.ledger.row import ClaimedMail

UNREADABLE = ("Password",)


def load_records(
	rows: Iterable[ClaimedMail], fields: Collection[str], whole: bool, user: str
) -> dict[tuple[str, str], Mapping]:
	"""Return {(doctype, name): {field: plain value}} of the records that exist.

	`fields` are those that the template names; with `whole` it may use any. Fields that `user`, the sender,
	may not read are left out and render empty.
	"""
	names: dict[str, list[str]] = defaultdict(list)
	for row in rows:
		names[row.doctype].append(row.record)
	records: dict[tuple[str, str], Mapping] = {}
	for doctype, members in names.items():
		for record in _load(doctype, members, None if whole else fields, user):
			records[doctype, str(record["name"])] = record
	return records


def _load(doctype: str, names: list[str], fields: Collection[str] | None, user: str) -> list[dict]:
	readable = readable_fields(doctype, user)
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
		_add_rows(doctype, df, records)
	return records


def _add_rows(doctype: str, df, records: list[dict]) -> None:
	rows = defaultdict(list)
	parents = tuple(record["name"] for record in records) or ("",)
	for row in frappe.db.sql(
		f"""SELECT * FROM `tab{df.options}`
		WHERE parent IN %s AND parenttype = %s AND parentfield = %s ORDER BY idx""",
		(parents, doctype, df.fieldname),
		as_dict=True,
	):
		rows[row.parent].append(dict(row))
	for record in records:
		record[df.fieldname] = rows[record["name"]]


def readable_fields(doctype: str, user: str) -> set[str]:
	"""Return the fields of a doctype that `user` may read and whose value a mail can show."""
	meta = frappe.get_meta(doctype)
	if doctype == PLAIN:
		return {"name", "email", "first_name", "last_name", "language"}
	if not frappe.has_permission(doctype, "read", user=user):
		return {"name"}
	levels = _levels(meta, user)
	tables = {df.fieldname for df in meta.get_table_fields()}
	columns = set(meta.get_valid_columns()) | tables
	hidden = {df.fieldname for df in meta.fields if df.permlevel not in levels or df.fieldtype in UNREADABLE}
	return columns - hidden


def _levels(meta, user: str) -> set[int]:
	roles = set(frappe.get_roles(user))
	return {perm.permlevel for perm in meta.permissions if perm.read and perm.role in roles} | (
		set(range(10)) if user == "Administrator" else set()
	)
