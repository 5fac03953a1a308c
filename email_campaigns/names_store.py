"""Names that are never given twice: ledger, log, links and tokens know a document by its name alone.

Frappe gives the number of the last deleted document again, and the title of a deleted one. So the name of
each deleted document stays behind as a Retired Name. A title that a rename has freed may be used again: all
that knew it has followed. A number may not.
"""

from __future__ import annotations

from collections.abc import Callable

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now

RETIRED = "Retired Name"
SHOWN = 3  # names in a sentence
# {doctype: (doctype, column) of the rows that know its documents by their names}. Each column has an index,
# or a small table.
KNOWN_BY = {
	"Mass Email": (
		("Campaign Message", "source"),
		("Campaign Log", "source"),
		("Tracking Link", "source"),
	),
	"Email Campaign": (("Campaign Message", "source"), ("Campaign Log", "source")),
	"Campaign": (
		("Mass Email", "campaign"),
		("Email Campaign", "campaign_name"),
		("Campaign Message", "campaign"),
		("Campaign Log", "campaign"),
		("Tracking Link", "campaign"),
	),
	"Target List": (
		("Suppressed Email", "target_list"),
		("Target List Change", "target_list"),
		("Target List Sign Up", "target_list"),
	),
	"Tracking Link": (),
}
# Nobody chose these names, so nobody misses one that a rename has freed.
NUMBERED = ("Mass Email", "Email Campaign", "Tracking Link")
# A list may be deleted with its history; only its title stays taken.
_UNKNOWN = ("Target List",)
# Names are equal where the database takes them for equal: a, A and ä are one letter. The hash keeps no text,
# which might hold an address.
KEY = """LEFT(SHA2(CONCAT(%(doctype)s, '/', HEX(WEIGHT_STRING(
	CONVERT(%(name)s USING utf8mb4) COLLATE utf8mb4_unicode_ci))), 256), 32)"""


def draw_name(doctype: str, draw: Callable[[], str]) -> str:
	"""Return the first of the names from `draw` that no document has, or ever had.

	A counter that was set back gives used names for a while. A rule without a counter gives one name again
	and again; that one is returned, for the caller's insert to be refused.
	"""
	name, last = draw(), ""
	while name and name != last and (frappe.db.exists(doctype, name) or is_used(doctype, name)):
		name, last = draw(), name
	return name


def is_used(doctype: str, name: str) -> bool:
	"""Tell whether a document that is gone had this name.

	The name is locked until the end of the transaction: nobody can retire it meanwhile.
	"""
	retired = frappe.db.sql(
		f"SELECT name FROM `tab{RETIRED}` WHERE name = {KEY} FOR UPDATE", {"doctype": doctype, "name": name}
	)
	return bool(retired) or (doctype not in _UNKNOWN and bool(known_by(doctype, name)))


def known_by(doctype: str, name: str) -> list[str]:
	"""Return the doctypes whose rows know a document by its name."""
	return [
		other
		for other, column in KNOWN_BY[doctype]
		if frappe.db.sql(f"SELECT 1 FROM `tab{other}` WHERE `{column}` = %s LIMIT 1", name)
	]


def check_deletable(doc: Document, advice: str) -> None:
	"""Raise ValidationError where something knows a document by its name; `advice` is what to do instead."""
	known = [_describe(other, column, doc.name) for other, column in _sent_columns(doc.doctype)]
	if parts := [part for part in known if part]:
		frappe.throw(
			_("{0} {1} can't be deleted, because these belong to it: {2}. {3}").format(
				_(doc.doctype), frappe.bold(doc.name), "; ".join(parts), advice
			),
			title=_("It Is Still Known"),
		)


def _sent_columns(doctype: str) -> list[tuple[str, str]]:
	# A link without a mail is of no use to anybody.
	return [(other, column) for other, column in KNOWN_BY[doctype] if other != "Tracking Link"]


def _describe(doctype: str, column: str, name: str) -> str:
	"""Return how many rows of a doctype know a name, “Mass Email (2): MASS-1, MASS-2”, "" for none."""
	number = frappe.db.count(doctype, {column: name})
	if not number:
		return ""
	if doctype == "Campaign Message":
		return _("mails in the ledger: {0}").format(number)
	if doctype == "Campaign Log":
		return _("entries in the log: {0}").format(number)
	names = frappe.get_all(doctype, {column: name}, pluck="name", order_by="creation desc", limit=SHOWN)
	more = ["…"] if number > SHOWN else []
	return f"{_(doctype)} ({number}): {', '.join([*names, *more])}"


def retire(doctype: str, name: str) -> None:
	"""Keep a name from being given again."""
	frappe.db.sql(
		f"""INSERT IGNORE INTO `tab{RETIRED}` (name, creation, modified, owner, modified_by)
		VALUES ({KEY}, %(now)s, %(now)s, %(user)s, %(user)s)""",
		{"doctype": doctype, "name": name, "now": now(), "user": frappe.session.user},
	)


def check_new_name(doc: Document, method: str | None = None) -> None:
	"""before_validate: refuse a name that a deleted document had. Raises ValidationError."""
	if doc.is_new() and doc.name:
		_check_unused(doc.doctype, doc.name)


def _check_unused(doctype: str, name: str) -> None:
	if is_used(doctype, name):
		frappe.throw(
			_(
				"{0} was the name of another {1}, which is gone. What was sent in its name is still known,"
				" so choose another name."
			).format(frappe.bold(name), _(doctype)),
			title=_("Name Used Before"),
		)


def check_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""before_rename: refuse a name that a deleted document had. Raises ValidationError."""
	if not merge and not frappe.db.exists(doc.doctype, new):
		_check_unused(doc.doctype, new)


def follow_renaming(doc: Document, method: str, old: str, new: str, merge: bool = False) -> None:
	"""after_rename: bring along the rows that Frappe does not know of, or that were written meanwhile."""
	for other, column in KNOWN_BY[doc.doctype]:
		frappe.db.sql(f"UPDATE `tab{other}` SET `{column}` = %s WHERE `{column}` = %s", (new, old))
	if doc.doctype in NUMBERED:
		retire(doc.doctype, old)


def retire_deleted(doc: Document, method: str | None = None) -> None:
	"""after_delete: keep the name of a deleted document from being given again."""
	retire(doc.doctype, doc.name)


def retire_gone(doctype: str) -> None:
	"""Retire the names of documents that are gone but still known by their rows or as Deleted Documents."""
	columns = [*KNOWN_BY[doctype], ("Deleted Document", "deleted_name")]
	for other, column in columns:
		condition = "o.deleted_doctype = %(doctype)s" if other == "Deleted Document" else "TRUE"
		if other in ("Campaign Message", "Campaign Log") and column == "source":
			condition = "o.source_doctype = %(doctype)s"
		for name in frappe.db.sql(
			f"""SELECT o.`{column}` FROM `tab{other}` o WHERE {condition} AND COALESCE(o.`{column}`, '') != ''
				AND NOT EXISTS (SELECT 1 FROM `tab{doctype}` d WHERE d.name = o.`{column}`)
			GROUP BY o.`{column}`""",
			{"doctype": doctype},
			pluck=True,
		):
			retire(doctype, name)
