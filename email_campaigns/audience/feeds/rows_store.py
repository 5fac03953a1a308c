"""The rows of a target list that describe its feeds: who answers for them, and what their last run left there.

A feed runs with the permissions of the user who described it last, so that nobody brings in what only somebody
else may read. What a run wrote is never taken from a form that was opened before it.
"""

from __future__ import annotations

from collections.abc import Mapping

import frappe
from frappe import _
from frappe.utils import now_datetime

from email_campaigns.audience.feeds import source_store
from email_campaigns.audience.feeds.rules import FeedFault, is_due

_DEFINITION = ("kind", "record_type", "filters", "report", "report_filters", "report_column")
_OF_RUNS = ("status", "last_run", "last_result")
_FEED = ("name", "parent", "title", "schedule", "no_longer_match", "run_as", *_DEFINITION, *_OF_RUNS)


def check_feeds(target_list) -> None:
	"""Validate the feeds of a Target List that is being saved. Raises ValidationError."""
	before = target_list.get_doc_before_save()
	old = {row.name: row for row in (before.feeds if before else ())}
	for row in target_list.feeds:
		known = old.get(row.name)
		row.update({field: known.get(field) if known else None for field in _OF_RUNS})
		if known and _defined(known) == _defined(row):
			row.run_as = known.run_as
		else:
			_take_over(row)


def _defined(row) -> tuple:
	return tuple(row.get(field) or "" for field in _DEFINITION)


def _take_over(row) -> None:
	"""A feed that is new or means something else now belongs to whoever says so, and must be possible for them."""
	row.run_as = frappe.session.user
	if row.enabled is None:  # a row of a list that exists already gets no defaults
		row.enabled = 1
	try:
		source_store.check_feed(row)
	except FeedFault as error:
		frappe.throw(f"{row.title}: {error}", title=_("This Feed Can't Run"))


def release_members(target_list) -> None:
	"""Keep the members of feeds that were taken off a list: from now on they are there because a person left them."""
	before = target_list.get_doc_before_save()
	gone = {row.name for row in (before.feeds if before else ())} - {row.name for row in target_list.feeds}
	for feed in gone:
		frappe.db.sql(
			"""UPDATE `tabTarget List Member` m JOIN `tabTarget List Feed Member` f ON f.member_key = m.member_key
			SET m.by_person = 1 WHERE m.target_list = %s AND f.feed = %s""",
			(target_list.name, feed),
		)
		frappe.db.delete("Target List Feed Member", {"feed": feed})


def forget_feed_members(target_list: str) -> None:
	"""Drop what the feeds of a list have brought, before the list itself goes."""
	feeds = frappe.get_all("Target List Feed", {"parent": target_list}, pluck="name")
	frappe.db.delete("Target List Feed Member", {"feed": ("in", feeds or [""])})


def due_lists() -> list[str]:
	"""Return the lists that have a feed which is due."""
	return sorted({row.parent for row in _rows({"enabled": 1}) if _is_due(row)})


def due_feeds(target_list: str) -> list[frappe._dict]:
	"""Return the feeds of one list that are due, in their order on the form."""
	return [row for row in _rows({"enabled": 1, "parent": target_list}) if _is_due(row)]


def read_feeds(target_list: str, feed: str = "") -> list[frappe._dict]:
	"""Return one feed of a list, or all that are enabled, whether due or not."""
	return _rows({"parent": target_list, **({"name": feed} if feed else {"enabled": 1})})


def _rows(filters: Mapping) -> list[frappe._dict]:
	filters = {"parenttype": "Target List", **filters}
	return frappe.get_all("Target List Feed", filters, list(_FEED), order_by="parent, idx")


def _is_due(row) -> bool:
	since = (now_datetime() - row.last_run).total_seconds() if row.last_run else None
	return is_due(row.schedule, row.status or "", since)


def save_result(feed: str, began, status: str, result: str) -> None:
	"""Keep what a run came to; `began` is its start on the site's clock."""
	values = {"status": status, "last_run": began, "last_result": result}
	frappe.db.set_value("Target List Feed", feed, values, update_modified=False)
