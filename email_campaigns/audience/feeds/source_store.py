"""The records or addresses that match a feed now, as far as the feed's user may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import frappe
from frappe import _
from frappe.desk.query_report import get_column_as_dict
from frappe.model import default_fields, optional_fields
from frappe.model.document import Document
from frappe.permissions import get_role_permissions
from frappe.utils import cint, strip_html

from email_campaigns.audience.address import normalise_or_empty, plain_key, record_key
from email_campaigns.audience.conditions_store import can_use
from email_campaigns.audience.feeds.rules import ADDRESSES, Column, FeedFault, choose_column, usable_columns
from email_campaigns.audience.lists.members_store import slices
from email_campaigns.audience.sources_store import sources
from email_campaigns.text import _lt

T = TypeVar("T")

REPORT = "Report"
BUILDER = "Report Builder"
_UNREADABLE = _lt("The filters can't be read. Choose them again.")


@dataclass(frozen=True, slots=True)
class Matches:
	"""The answer of a feed: {member key: name of the record, or the address where `doctype` is ADDRESSES}."""

	doctype: str
	members: dict[str, str]


@contextmanager
def acting_as(user: str) -> Iterator[None]:
	"""Let the permissions of `user` hold meanwhile. Raises FeedFault where the user is disabled or gone."""
	if not user or not frappe.db.get_value("User", user, "enabled"):
		raise FeedFault(
			_("Its user {0} is disabled or gone. Somebody must save the feed again.").format(user)
		)
	before = frappe.session.user
	try:
		frappe.set_user(user)
		yield
	finally:
		frappe.set_user(before)


def read_matches(feed: frappe._dict) -> Matches:
	"""Return what matches a feed (a row of rows_store.read_feeds) now, by the permissions of its user.

	The whole answer is in memory, as that of a report always is: about 150 bytes a member. Raises FeedFault
	where the filter or report can't be read, is gone or is not permitted.
	"""
	with acting_as(feed.run_as):
		return _match_report(feed) if feed.kind == REPORT else _match_filter(feed)


def check_feed(feed: Document) -> None:
	"""Check a feed, a Target List Feed, without running it, as the user of this session. Raises FeedFault."""
	if feed.kind == REPORT:
		_permitted_report(feed.report)
		_parse(feed.report_filters, dict)
		if not feed.report_column:
			raise FeedFault(_("Choose the column that names the record or the address."))
	else:
		_filters(feed)


def _match_filter(feed: frappe._dict) -> Matches:
	doctype, filters = feed.record_type, _filters(feed)
	# A condition on a table joins it, which has this column too.
	names = frappe.get_list(doctype, filters=filters, pluck="name", order_by=f"`tab{doctype}`.`creation`")
	return Matches(doctype, {record_key(doctype, name): str(name) for name in names})


def _filters(feed: Document | frappe._dict) -> list[list[Any]]:
	doctype = feed.record_type
	if not doctype or not frappe.db.exists("DocType", doctype) or doctype not in sources():
		raise FeedFault(_("{0} is not a recipient source (any more).").format(doctype or _("Nothing")))
	if not _reads(doctype):
		raise FeedFault(_("{0} has no permission to read {1}.").format(frappe.session.user, _(doctype)))
	filters = _parse(feed.filters, list)
	for row in filters:
		_check_filter(doctype, row)
	return [row[:4] for row in filters]


def _reads(doctype: str) -> bool:
	return bool(get_role_permissions(frappe.get_meta(doctype)).get("read"))


def _check_filter(doctype: str, row: Any) -> None:
	if not isinstance(row, list) or len(row) < 4 or not all(isinstance(part, str) for part in row[:3]):
		raise FeedFault(_(_UNREADABLE))
	parent, field = row[0], row[1]
	if not frappe.db.exists("DocType", parent):
		raise FeedFault(_("The filter is about {0}, which does not exist (any more).").format(parent))
	known = {*default_fields, *optional_fields, "name", "parent"}
	if field not in known and not frappe.get_meta(parent).has_field(field):
		raise FeedFault(
			_("The filter is about the field “{0}”, which {1} has no longer.").format(field, _(parent))
		)
	if not can_use(doctype, *row[:4]):
		sentence = _("{0} may not use the filter on the field “{1}” of {2}, or it has no value that fits.")
		raise FeedFault(sentence.format(frappe.session.user, field, _(parent)))


def _parse(text: str, kind: type[T]) -> T:
	try:
		value = json.loads(text or json.dumps(kind()))
	except (ValueError, RecursionError):
		value = None
	if not isinstance(value, kind):
		raise FeedFault(_(_UNREADABLE))
	return value


def report_columns(report: str, report_filters: str = "") -> list[Column]:
	"""Return the columns of a report that a feed can use, as the user of this session. Raises FeedFault."""
	doc = _permitted_report(report)
	columns, _rows = _run(doc, _parse(report_filters, dict))
	return _usable(doc, columns)


def _usable(doc: Document, columns: list[dict[str, Any]]) -> list[Column]:
	builder = doc.report_type == BUILDER
	return usable_columns(columns, doc.ref_doctype, sources(), lists_documents=builder)


def _permitted_report(name: str) -> Document:
	# One sentence for both, since a report's name may say what others work on.
	doc = frappe.get_doc("Report", name) if name and frappe.db.exists("Report", name) else None
	if not doc or not doc.is_permitted() or not frappe.has_permission(doc.ref_doctype, "report"):
		sentence = _("The report {0} does not exist (any more), or {1} has no permission for it.")
		raise FeedFault(sentence.format(name or "", frappe.session.user))
	if doc.disabled:
		raise FeedFault(_("The report {0} is disabled.").format(name))
	return doc


def _run(doc: Document, filters: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
	"""Return the columns and the rows of a Report. An error of its own code becomes a FeedFault."""
	try:
		# The old answer of a prepared report would bring people who match no longer.
		raw_columns, rows = doc.get_data(filters=filters or None, limit=None, ignore_prepared_report=True)
	except FeedFault:
		raise
	except Exception as error:
		if frappe.db.is_deadlocked(error) or frappe.db.is_timedout(error):
			raise
		message = strip_html(str(error)) or type(error).__name__
		raise FeedFault(
			_("The report {0} stopped with an error: {1}").format(doc.name, message[:200])
		) from error
	columns = [_column_as_dict(column) for column in raw_columns]
	return columns, _as_dicts(doc, columns, rows)


def _column_as_dict(column: Any) -> dict[str, Any]:
	"""Return a report's column, which may be a text, a dict or a field of a doctype, as a dict."""
	if isinstance(column, str | dict):
		return get_column_as_dict(column)
	return {name: column.get(name) for name in ("fieldname", "label", "fieldtype", "options")}


def _as_dicts(doc: Document, columns: list[dict[str, Any]], rows: list[Any]) -> list[dict[str, Any]]:
	builder = doc.report_type == BUILDER
	if builder and cint((json.loads(doc.json or "{}") or {}).get("add_totals_row")):
		rows = rows[:-1]
	names = [column["fieldname"] for column in columns]
	# In other reports the rows are dicts, and the row of totals is a list.
	return [
		row if isinstance(row, dict) else dict(zip(names, row, strict=False))
		for row in rows
		if isinstance(row, dict) or builder
	]


def _match_report(feed: frappe._dict) -> Matches:
	doc = _permitted_report(feed.report)
	columns, rows = _run(doc, _parse(feed.report_filters, dict))
	column = choose_column(_usable(doc, columns), feed.report_column)
	values = dict.fromkeys(str(value).strip() for row in rows if (value := row.get(column.fieldname)))
	if column.doctype == ADDRESSES:
		return _match_addresses(column, list(values))
	return _match_records(column.doctype, list(values))


def _match_records(doctype: str, values: list[str]) -> Matches:
	"""Look up each record as the user may read it, for a report may show more than the user may read."""
	if not _reads(doctype):
		raise FeedFault(_("{0} has no permission to read {1}.").format(frappe.session.user, _(doctype)))
	look_up = partial(frappe.get_list, doctype, pluck="name", order_by=None)
	names = [name for part in slices(values) for name in look_up(filters={"name": ("in", part)})]
	return Matches(doctype, {record_key(doctype, name): str(name) for name in names})


def _match_addresses(column: Column, values: list[str]) -> Matches:
	members: dict[str, str] = {}
	for value in values:
		if email := normalise_or_empty(value):
			members.setdefault(plain_key(email), email)
	if values and not members:
		raise FeedFault(
			_("The column “{0}” holds no email address. The first value is “{1}”.").format(
				column.label, values[0][:80]
			)
		)
	return Matches(ADDRESSES, members)
