"""What the form of a target list calls beyond adding members: its feeds. Each checks the user's permission itself."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _

from email_campaigns.api.public import signup
from email_campaigns.audience.feeds import rows_store, source_store
from email_campaigns.audience.feeds.rules import FeedFault
from email_campaigns.audience.lists import copy_store, progress_store
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.jobs import lists


def _list(name: str, ptype: str = "write"):
	doc = frappe.get_doc("Target List", name)
	doc.check_permission(ptype)
	return doc


@frappe.whitelist(methods=["POST"])
def run_feed(target_list: str, feed: str = "") -> None:
	"""Run one feed of a list now, or all that are enabled, in the background. It confirms what waits for that."""
	_list(target_list)
	if not rows_store.read_feeds(target_list, feed):
		frappe.throw(_("{0} has no such feed.").format(target_list))
	progress_store.save_progress(target_list, 0, 1)
	lists.feed_list_soon(target_list, feed, asked=True)


@frappe.whitelist(methods=["POST"])
def feed_columns(report: str, report_filters: str = "") -> list[dict]:
	"""Return {"fieldname", "label", "doctype"} of the columns by which a report can feed a list, the likeliest first."""
	if not frappe.has_permission("Target List", "write"):
		frappe.throw(_("You have no permission to change target lists."), frappe.PermissionError)
	try:
		return [asdict(column) for column in source_store.report_columns(report, report_filters)]
	except FeedFault as fault:
		frappe.throw(str(fault), title=_("This Report Can't Feed a List"))


@frappe.whitelist()
def sign_up_form(target_list: str) -> dict:
	"""Return {"url", "html"} of a list's sign-up form: its own page, and the form for another website."""
	doc = _list(target_list, "read")
	if not doc.sign_up:
		return {}
	return {"url": signup.form_url(doc.sign_up_token), "html": signup.snippet(doc)}


@frappe.whitelist()
def compare_lists(first: str, second: str) -> dict:
	"""Return how many members are {"only_first", "only_second", "both"} of two lists."""
	_two(first, second)
	return copy_store.compare_lists(first, second)


def _two(first: str, second: str) -> None:
	_list(first, "read")
	_list(second, "read")
	if first == second:
		frappe.throw(_("Choose two different lists."))


@frappe.whitelist(methods=["POST"])
def copy_list(target_list: str, title: str, part: str = "", other: str = "") -> str:
	"""Make a list with the members of another, or of those that are "only" on it or on "both" it and `other`.

	Returns its name; it is filled in the background.
	"""
	_list(target_list, "read")
	if part not in (copy_store.ALL, copy_store.ONLY, copy_store.BOTH):
		frappe.throw(_("There is no such part of a list: {0}").format(part))
	if part:
		_two(target_list, other)
	description = _("Made from {0}").format(target_list)
	copy = frappe.get_doc(
		{"doctype": "Target List", "title": title.strip(), "description": description}
	).insert()
	_copy_soon(copy.name, [target_list], part, other)
	return copy.name


@frappe.whitelist(methods=["POST"])
def merge_lists(target_list: str, sources: str | list) -> None:
	"""Put the members of other lists on this one, in the background, but for those that it has already."""
	_list(target_list)
	names = list(dict.fromkeys(frappe.parse_json(sources)))
	if not names:
		frappe.throw(_("Choose at least one list."))
	for name in names:
		_two(name, target_list)
	_copy_soon(target_list, names, copy_store.ONLY, target_list)


def _copy_soon(target_list: str, sources: list[str], part: str, other: str) -> None:
	progress_store.save_progress(target_list, 0, 1)
	which = {"target_list": target_list, "sources": sources, "part": part, "other": other}
	frappe.enqueue(lists.copy_members, queue="long", timeout=3600, enqueue_after_commit=True, **which)


@frappe.whitelist()
def member_states(names: str | list) -> dict:
	"""Return {member: why nothing is sent to it} of those members of a page that the user may read."""
	wanted = frappe.parse_json(names)
	may_read = frappe.get_list("Target List Member", {"name": ("in", wanted or [0])}, pluck="name", limit=0)
	return suppression_store.member_states(may_read)
