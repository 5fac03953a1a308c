"""The rows of a target list that describe its feeds: definition, user, and result of the last run.

A feed runs with the permissions of the user who defined it last, so that nobody brings in what only somebody
else may read. A form that was opened before a run never overwrites the run's result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

from email_campaigns.audience.feeds import source_store
from email_campaigns.audience.feeds.rules import FeedFault, is_due
from email_campaigns.audience.lists import members_store
from email_campaigns.translation import translate

_DEFINITION = ("kind", "record_type", "filters", "report", "report_filters", "report_column")
_RUN_FIELDS = ("status", "last_run", "last_result")
_FEED = ("name", "parent", "title", "schedule", "no_longer_match", "run_as", *_DEFINITION, *_RUN_FIELDS)


def check_feeds(target_list: Document) -> None:
	"""Check the feeds of a Target List that is being saved. Raises ValidationError."""
	before = target_list.get_doc_before_save()
	old = {row.name: row for row in (before.feeds if before else ())}
	for row in target_list.feeds:
		known = old.get(row.name)
		if not known or _definition(known) != _definition(row):
			_take_over(row)


def _definition(row: Document) -> tuple[str, ...]:
	return tuple(row.get(field) or "" for field in _DEFINITION)


def _take_over(row: Document) -> None:
	"""Let the user of this session answer for a new or changed feed, which must be possible for them."""
	row.run_as = frappe.session.user
	if row.enabled is None:  # a row of a list that exists already gets no defaults
		row.enabled = 1
	try:
		source_store.check_feed(row)
	except FeedFault as error:
		message = _("{0}: {1}").format(row.title, translate(error))
		frappe.throw(message, title=_("This Feed Can't Run"))


def release_members(target_list: Document) -> None:
	"""Keep the members of feeds that a Target List has no longer, as if a person had added them."""
	before = target_list.get_doc_before_save()
	gone = {row.name for row in (before.feeds if before else ())} - {row.name for row in target_list.feeds}
	if gone:
		members_store.keep_fed_members(target_list.name, gone)
		members_store.delete_by_names("Target List Feed Member", {"feed": ("in", sorted(gone))})


def forget_feed_members(target_list: str) -> None:
	"""Delete the records of what the feeds of a list have brought, before the list itself is deleted."""
	feeds = frappe.get_all("Target List Feed", {"parent": target_list}, pluck="name")
	members_store.delete_by_names("Target List Feed Member", {"feed": ("in", feeds or [""])})


def due_lists() -> list[str]:
	"""Return the names of the lists with a feed that is due, sorted."""
	return sorted({row.parent for row in _rows({"enabled": 1}) if _is_due(row)})


def due_feeds(target_list: str) -> list[frappe._dict]:
	"""Return the feeds of one list that are due, in their order on the form."""
	return [row for row in _rows({"enabled": 1, "parent": target_list}) if _is_due(row)]


def read_feeds(target_list: str, feed: str = "") -> list[frappe._dict]:
	"""Return one feed of a list, or all that are enabled, whether due or not."""
	return _rows({"parent": target_list, **({"name": feed} if feed else {"enabled": 1})})


def _rows(filters: Mapping[str, object]) -> list[frappe._dict]:
	filters = {"parenttype": "Target List", **filters}
	return frappe.get_all("Target List Feed", filters, list(_FEED), order_by="parent, idx")


def _is_due(row: frappe._dict) -> bool:
	since = (now_datetime() - row.last_run).total_seconds() if row.last_run else None
	return is_due(row.schedule, row.status or "", since)


def save_result(feed: str, began: datetime, status: str, result: str) -> None:
	"""Save the result of a run, a text for the user; `began` is its start in the site's time (naive)."""
	values = {"status": status, "last_run": began, "last_result": result}
	frappe.db.set_value("Target List Feed", feed, values, update_modified=False)
