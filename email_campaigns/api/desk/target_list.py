"""Target lists on their form: feeds, sign-up, comparing, copying, merging. Each checks the permission."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _

from email_campaigns import notify
from email_campaigns.api.arguments import checked, load
from email_campaigns.api.kinds import Name, Names, Text, Values
from email_campaigns.api.public import signup
from email_campaigns.audience.feeds import rows_store, source_store
from email_campaigns.audience.feeds.rules import FeedFault
from email_campaigns.audience.lists import copy_store, progress_store
from email_campaigns.audience.suppression import suppression_store
from email_campaigns.delivery.smtp import transport
from email_campaigns.jobs import lists
from email_campaigns.translation import translate


def _load_list(name: str, ptype: str = "write"):
	"""Return a Target List on which the user has the permission `ptype`. Throws PermissionError."""
	return load("Target List", name, ptype)


@frappe.whitelist(methods=["POST"])
@checked
def run_feed(target_list: Name, feed: Text = "") -> None:
	"""Run one feed of a list now, or all that are enabled, in the background.

	A feed that waits for a confirmation, because nobody matched any more, takes this as one.
	"""
	_load_list(target_list)
	if not rows_store.read_feeds(target_list, feed):
		frappe.throw(_("{0} has no such feed.").format(target_list))
	progress_store.save_progress(target_list, 0, 1)
	lists.feed_list_soon(target_list, feed, asked=True)


@frappe.whitelist(methods=["POST"])
@checked
def feed_columns(report: Name, report_filters: Values | None = None) -> list[dict]:
	"""Return {"fieldname", "label", "doctype"} of a report's columns that can feed a list."""
	if not frappe.has_permission("Target List", "write"):
		frappe.throw(_("You have no permission to change target lists."), frappe.PermissionError)
	try:
		columns = source_store.report_columns(report, frappe.as_json(report_filters or {}))
	except FeedFault as error:
		frappe.throw(translate(error), title=_("This Report Can't Feed a List"))
	return [asdict(column) for column in columns]


@frappe.whitelist()
@checked
def sign_up_form(target_list: Name) -> dict:
	"""Return {"url", "html", "problem"} of a list's sign-up form, {} where it has none.

	"html" is the form for another website; "problem" says why nobody can sign up, "" where people can.
	"""
	doc = _load_list(target_list, "read")
	if not doc.sign_up:
		return {}
	return {
		"url": signup.form_url(doc.sign_up_token),
		"html": signup.snippet(doc),
		"problem": _form_problem(),
	}


def _form_problem() -> str:
	if problem := notify.problem_with_site_mail("Target List"):
		return _("{0} So no confirmation mail can leave, and nobody can sign up.").format(problem)
	return transport.sending_hindrance()


@frappe.whitelist()
@checked
def compare_lists(first: Name, second: Name) -> dict:
	"""Return how many members are {"only_first", "only_second", "both"} of two lists."""
	_check_two_lists(first, second)
	return copy_store.compare_lists(first, second)


def _check_two_lists(first: str, second: str) -> None:
	"""Throw where two lists are the same, or the user may not read one of them."""
	_load_list(first, "read")
	_load_list(second, "read")
	if first == second:
		frappe.throw(_("Choose two different lists."))


@frappe.whitelist(methods=["POST"])
@checked
def copy_list(target_list: Name, title: Text, part: Text = "", other: Text = "") -> str:
	"""Make a list with the members of another, or of a part of them; return its name.

	`part` is "", "only" for the members that are not on the list `other`, or "both" for those that are. The
	new list is filled in the background.
	"""
	_load_list(target_list, "read")
	if part not in (copy_store.ALL, copy_store.ONLY, copy_store.BOTH):
		frappe.throw(_("There is no such part of a list: {0}").format(part))
	if part:
		_check_two_lists(target_list, other)
	description = _("Made from {0}").format(target_list)
	copy = frappe.get_doc(
		{"doctype": "Target List", "title": title.strip(), "description": description}
	).insert()
	_copy_soon(copy.name, [target_list], part, other)
	return copy.name


@frappe.whitelist(methods=["POST"])
@checked
def merge_lists(target_list: Name, sources: Names) -> None:
	"""Put the members of other lists on this one in the background, except those that it has already."""
	_load_list(target_list)
	names = list(dict.fromkeys(sources))
	if not names:
		frappe.throw(_("Choose at least one list."))
	for name in names:
		_check_two_lists(name, target_list)
	_copy_soon(target_list, names, copy_store.ONLY, target_list)


def _copy_soon(target_list: str, sources: list[str], part: str, other: str) -> None:
	progress_store.save_progress(target_list, 0, 1)
	values = {"target_list": target_list, "sources": sources, "part": part, "other": other}
	frappe.enqueue(lists.copy_members, queue="long", timeout=3600, enqueue_after_commit=True, **values)


@frappe.whitelist()
@checked
def member_states(names: Names) -> dict:
	"""Return {member: why nothing is sent to it} of those of the members that the user may read."""
	filters = {"name": ("in", names or ["0"])}
	readable = frappe.get_list("Target List Member", filters, pluck="name", limit=0)
	return suppression_store.member_states(readable)
