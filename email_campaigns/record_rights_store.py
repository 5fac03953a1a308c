"""Whose rows a user sees: a row about a record is for those who may read the record.

The ledger, the log, lists and enrolments repeat a record's address, so they follow its permissions: roles,
User Permissions, owners, shares and the rules of other apps. Lists show a row about a record that is gone to
those who may read every record of its doctype; a manager may open it, too. Figures count all rows. A plain
address has no record and is for everybody who may read the list; a suppression is about an address, and
holds for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import frappe
from frappe import _
from frappe.model.db_query import DatabaseQuery
from frappe.model.document import Document
from frappe.permissions import get_role_permissions
from frappe.utils import cstr, escape_html

# {doctype: its fields with the doctype and the name of the record that a row is about}
ABOUT = {
	"Campaign Message": ("recipient_doctype", "recipient_name"),
	"Campaign Log": ("recipient_doctype", "recipient_name"),
	"Target List Member": ("member_doctype", "member_name"),
	"Target List Change": ("member_doctype", "member_name"),
	"Email Campaign": ("email_campaign_for", "recipient"),
	"Inbound Event": ("recipient_doctype", "recipient_name"),
}
# Whoever such a row names is no record of a recipient source, but a plain address or a group.
NO_RECORDS = frozenset({"", "Target List Member", "Target List", "Email Group"})
MANAGERS = frozenset({"Campaign Manager", "System Manager"})
NONE = "FALSE"
FEW = 1000  # records


def visible(doctype: str, alias: str) -> str:
	"""Return SQL over a row `alias` of `doctype`: the user of this session may see it.

	For queries with values, in which a per cent sign is doubled.
	"""
	return row_condition(doctype, frappe.session.user, alias).replace("%", "%%") or "TRUE"


def row_condition(doctype: str, user: str, alias: str = "") -> str:
	"""Return SQL over a row of `doctype`: `user` may see it; "" where that is every row."""
	table = alias or f"tab{doctype}"
	kind, name = (f"`{table}`.`{field}`" for field in ABOUT[doctype])
	limits = {} if user == "Administrator" else _limits(doctype, user)
	if not limits:
		return ""
	free = f"{kind} IS NULL OR {kind} NOT IN ({_quoted(limits)})"
	readable = [
		f"({kind} = {_quoted([other])} AND {_is_readable(other, name, limit)})"
		for other, limit in limits.items()
		if limit != NONE
	]
	return f"({' OR '.join([free, *readable])})"


def _limits(doctype: str, user: str) -> dict[str, str]:
	"""Return {doctype of records: SQL over those that `user` may read}, without those read altogether."""
	records = set(doctypes_of(doctype)) - NO_RECORDS
	return {other: limit for other in sorted(records) if (limit := _limit(other, user))}


def doctypes_of(doctype: str) -> Iterator[str]:
	"""Yield the doctypes of the records that rows of `doctype` are about, each by one look into the index."""
	field, _name = ABOUT[doctype]
	# For DISTINCT, MariaDB may read the whole index.
	query = f"SELECT MIN(`{field}`) FROM `tab{doctype}` WHERE `{field}` > %s"
	last = frappe.db.sql(query, "")[0][0]
	while last:
		yield last
		last = frappe.db.sql(query, last)[0][0]


def _limit(doctype: str, user: str) -> str:
	"""Return SQL over the records of a doctype that `user` may read, "" where that is all."""
	if user == "Administrator":
		return ""
	if not frappe.db.exists("DocType", doctype):
		return "" if _is_manager(user) else NONE
	if not may_read_any(doctype, user):
		shared = frappe.share.get_shared(doctype, user)
		return f"`tab{doctype}`.name IN ({_quoted(shared)})" if shared else NONE
	return DatabaseQuery(doctype, user=user).build_match_conditions()


def may_read_any(doctype: str, user: str) -> bool:
	"""Tell whether a role of a user may read records of a doctype.

	Permission to select is not enough: with it the framework lists all users.
	"""
	return bool(get_role_permissions(frappe.get_meta(doctype), user=user).get("read"))


def _is_readable(doctype: str, name: str, limit: str) -> str:
	"""Return SQL: the record of `doctype` with the name that the column `name` has is within a limit."""
	few = frappe.db.sql(f"SELECT name FROM `tab{doctype}` WHERE {limit} LIMIT {FEW + 1}", pluck=True)
	if len(few) > FEW:
		return _exists(doctype, name, limit)
	# MariaDB finds their rows by an index. It would ask row after row until it has a page of them.
	return f"{name} IN ({_quoted(few)})" if few else NONE


def _exists(doctype: str, name: str, condition: str) -> str:
	if frappe.get_meta(doctype).autoname == "autoincrement":
		name = f"CAST({name} AS UNSIGNED)"
	return f"EXISTS(SELECT 1 FROM `tab{doctype}` WHERE `tab{doctype}`.name = {name} AND ({condition}))"


def _quoted(texts: Iterable[object]) -> str:
	return ", ".join(frappe.db.escape(str(text), percent=False) for text in texts)


def ledger_condition(user: str) -> str:
	"""permission_query_conditions of the Campaign Message."""
	return row_condition("Campaign Message", user)


def log_condition(user: str) -> str:
	"""permission_query_conditions of the Campaign Log."""
	return row_condition("Campaign Log", user)


def member_condition(user: str) -> str:
	"""permission_query_conditions of the Target List Member."""
	return row_condition("Target List Member", user)


def change_condition(user: str) -> str:
	"""permission_query_conditions of the Target List Change."""
	return row_condition("Target List Change", user)


def enrolment_condition(user: str) -> str:
	"""permission_query_conditions of the Email Campaign."""
	return row_condition("Email Campaign", user)


def inbound_condition(user: str) -> str:
	"""permission_query_conditions of the Inbound Event.

	What is not about a mail of ours, or not judged yet, may be anybody's mail: it is for managers.
	"""
	conditions = [row_condition("Inbound Event", user)]
	if not _is_manager(user):
		conditions.append("`tabInbound Event`.message > 0")
	return " AND ".join(filter(None, conditions))


def _is_manager(user: str | None) -> bool:
	return bool(MANAGERS & set(frappe.get_roles(user)))


def has_permission(doc: Document, ptype: str = "read", user: str | None = None) -> bool:
	"""has_permission of the doctypes in ABOUT: whether `user` may read the record that a row is about.

	A row that is being changed is about the record that is stored, too. A new row is checked by its
	controller, with a sentence.
	"""
	if ptype == "create":
		return True
	if doc.doctype == "Inbound Event" and not doc.message and not _is_manager(user):
		return False
	fields = ABOUT[doc.doctype]
	# A dict that stands for a name would be taken as a filter.
	records = [tuple(cstr(doc.get(field)) for field in fields)]
	if stored := doc.name and frappe.db.get_value(doc.doctype, doc.name, fields):
		records.append(stored)
	return all(may_read(kind, name, user or frappe.session.user) for kind, name in set(records))


def may_read(doctype: str | None, name: str | None, user: str) -> bool:
	"""Tell whether `user` may read a record.

	Of one that is gone, managers may, and whoever may read all of its doctype.
	"""
	if not doctype or doctype in NO_RECORDS:
		return True
	if frappe.db.exists("DocType", doctype) and frappe.db.exists(doctype, name):
		return bool(frappe.has_permission(doctype, "read", doc=name, user=user))
	return _is_manager(user) or not _limit(doctype, user)


def check_record(doctype: str, name: str) -> None:
	"""Raise PermissionError where there is no such record, or the user of this session may not read it."""
	name = cstr(name)
	if not frappe.db.exists(doctype, name) or not may_read(doctype, name, frappe.session.user):
		refuse(doctype, name)


def refuse(doctype: str, name: str) -> None:
	"""Throw the PermissionError for a document that does not exist, or that the user may not read."""
	sentence = _("There is no {0} {1}, or you have no permission to read it.")
	frappe.throw(sentence.format(_(doctype), escape_html(name)), frappe.PermissionError)
