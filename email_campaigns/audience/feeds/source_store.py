"""What a feed answers: the records or addresses that match now, as far as the user who answers for it may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import frappe
from frappe import _
from frappe.desk.query_report import get_column_as_dict
from frappe.model import default_fields, optional_fields
from frappe.permissions import get_role_permissions
from frappe.utils import cint, strip_html

from email_campaigns.audience.address import InvalidAddress, normalise, plain_key, record_key
from email_campaigns.audience.feeds.rules import ADDRESSES, Column, FeedFault, choose_column, usable_columns
from email_campaigns.audience.lists.members_store import slices
from email_campaigns.audience.sources_store import sources

REPORT = "Report"
BUILDER = "Report Builder"


@dataclass(frozen=True, slots=True)
class Matches:
	"""Who matches: {member key: the record's name, or the address where `doctype` is ADDRESSES}."""

	doctype: str
	members: dict[str, str]


@contextmanager
def acting_as(user: str) -> Iterator[None]:
	"""Let the permissions of `user` hold for a while. Raises FeedFault where the user can't act any more."""
	if not user or not frappe.db.get_value("User", user, "enabled"):
		raise FeedFault(_("Its user {0} is disabled or gone. Somebody must save the feed anew.").format(user))
	before = frappe.session.user
	try:
		frappe.set_user(user)
		yield
	finally:
		frappe.set_user(before)


def read_matches(feed) -> Matches:
	"""Return who matches a feed now, by the permissions of its user.

	Raises FeedFault where the filter or report can't be read, is gone or is not permitted. The whole answer is in
	memory, as that of a report always is: about 150 bytes a member.
	"""
	with acting_as(feed.run_as):
		return _by_report(feed) if feed.kind == REPORT else _by_filter(feed)


def check_feed(feed) -> None:
	"""Raise FeedFault for what can be told about a feed without running it, as the user of this session."""
	if feed.kind == REPORT:
		_report(feed.report)
		_parsed(feed.report_filters, dict)
		if not feed.report_column:
			raise FeedFault(_("Choose the column that names the record or the address."))
	else:
		_filters(feed)


def _by_filter(feed) -> Matches:
	doctype, filters = feed.record_type, _filters(feed)
	names = frappe.get_list(doctype, filters=filters, pluck="name", order_by="creation")
	return Matches(doctype, {record_key(doctype, name): str(name) for name in names})


def _filters(feed) -> list:
	doctype = feed.record_type
	if not doctype or not frappe.db.exists("DocType", doctype) or doctype not in sources():
		raise FeedFault(_("{0} is not a recipient source (any more).").format(doctype or _("Nothing")))
	if not _reads(doctype):
		raise FeedFault(_("{0} has no permission to read {1}.").format(frappe.session.user, _(doctype)))
	filters = _parsed(feed.filters, list)
	for row in filters:
		_refuse_unknown_field(doctype, row)
	return [row[:4] for row in filters]


def _reads(doctype: str) -> bool:
	return bool(get_role_permissions(frappe.get_meta(doctype)).get("read"))


def _refuse_unknown_field(doctype: str, row) -> None:
	if not isinstance(row, list) or len(row) < 4 or not all(isinstance(part, str) for part in row[:3]):
		raise FeedFault(_("The filters can't be read. Choose them again."))
	parent, field = row[0], row[1]
	if not frappe.db.exists("DocType", parent):
		raise FeedFault(_("The filter is about {0}, which does not exist (any more).").format(parent))
	known = {*default_fields, *optional_fields, "name", "parent"}
	if field not in known and not frappe.get_meta(parent).has_field(field):
		raise FeedFault(
			_("The filter is about the field “{0}”, which {1} has no longer.").format(field, _(parent))
		)


def _parsed(text: str, kind: type):
	try:
		value = json.loads(text or json.dumps(kind()))
	except ValueError:
		value = None
	if not isinstance(value, kind):
		raise FeedFault(_("The filters can't be read. Choose them again."))
	return value


def report_columns(report: str, report_filters: str = "") -> list[Column]:
	"""Return the columns of a report by which it can feed a list, as the user of this session. Raises FeedFault."""
	doc = _report(report)
	found, _rows = _run(doc, _parsed(report_filters, dict))
	return _usable(doc, found)


def _usable(doc, found: list) -> list[Column]:
	builder = doc.report_type == BUILDER
	return usable_columns(found, doc.ref_doctype, sources(), lists_documents=builder)


def _report(name: str):
	if not name or not frappe.db.exists("Report", name):
		raise FeedFault(_("The report {0} does not exist (any more).").format(name or ""))
	doc = frappe.get_doc("Report", name)
	if doc.disabled:
		raise FeedFault(_("The report {0} is disabled.").format(name))
	if not doc.is_permitted() or not frappe.has_permission(doc.ref_doctype, "report"):
		raise FeedFault(_("{0} has no permission for the report {1}.").format(frappe.session.user, name))
	return doc


def _run(doc, filters: dict) -> tuple[list[dict], list[dict]]:
	"""Return the columns and the rows of a report; what other people's code raises becomes a sentence."""
	try:
		# A prepared report's old answer would bring people who match no longer.
		found, rows = doc.get_data(filters=filters or None, limit=None, ignore_prepared_report=True)
	except FeedFault:
		raise
	except Exception as error:
		if frappe.db.is_deadlocked(error) or frappe.db.is_timedout(error):
			raise
		told = strip_html(str(error)) or type(error).__name__
		raise FeedFault(
			_("The report {0} stopped with an error: {1}").format(doc.name, told[:200])
		) from error
	found = [_described(column) for column in found]
	return found, _as_dicts(doc, found, rows)


def _described(column) -> dict:
	"""Reports describe their columns as text, as dicts, or by the fields themselves."""
	if isinstance(column, str | dict):
		return get_column_as_dict(column)
	return {name: column.get(name) for name in ("fieldname", "label", "fieldtype", "options")}


def _as_dicts(doc, found: list[dict], rows: list) -> list[dict]:
	builder = doc.report_type == BUILDER
	if builder and cint((json.loads(doc.json or "{}") or {}).get("add_totals_row")):
		rows = rows[:-1]
	names = [column["fieldname"] for column in found]
	# In other reports the row of totals is the one that is a list, where the others are dicts.
	return [
		row if isinstance(row, dict) else dict(zip(names, row, strict=False))
		for row in rows
		if isinstance(row, dict) or builder
	]


def _by_report(feed) -> Matches:
	doc = _report(feed.report)
	found, rows = _run(doc, _parsed(feed.report_filters, dict))
	column = choose_column(_usable(doc, found), feed.report_column)
	values = dict.fromkeys(str(value).strip() for row in rows if (value := row.get(column.fieldname)))
	if column.doctype == ADDRESSES:
		return _of_addresses(column, list(values))
	return _of_records(column.doctype, list(values))


def _of_records(doctype: str, values: list[str]) -> Matches:
	"""A report may show more than the records themselves would: each is looked up as the user may read it."""
	if not _reads(doctype):
		raise FeedFault(_("{0} has no permission to read {1}.").format(frappe.session.user, _(doctype)))
	look_up = partial(frappe.get_list, doctype, pluck="name", order_by=None)
	names = [name for part in slices(values) for name in look_up(filters={"name": ("in", part)})]
	return Matches(doctype, {record_key(doctype, name): str(name) for name in names})


def _of_addresses(column: Column, values: list[str]) -> Matches:
	members = {}
	for value in values:
		try:
			email = normalise(value)
		except InvalidAddress:
			continue
		members.setdefault(plain_key(email), email)
	if values and not members:
		raise FeedFault(
			_("The column “{0}” holds no email address. The first value is “{1}”.").format(
				column.label, values[0][:80]
			)
		)
	return Matches(ADDRESSES, members)
