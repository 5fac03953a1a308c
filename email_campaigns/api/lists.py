"""What the form of a target list calls beyond adding members: its feeds. Each checks the user's permission itself."""

from __future__ import annotations

from dataclasses import asdict

import frappe
from frappe import _

from email_campaigns import jobs
from email_campaigns.api import signup
from email_campaigns.audience import feed_rows_store, feed_store, progress_store
from email_campaigns.audience.feed import FeedFault


def _list(name: str, ptype: str = "write"):
	doc = frappe.get_doc("Target List", name)
	doc.check_permission(ptype)
	return doc


@frappe.whitelist(methods=["POST"])
def run_feed(target_list: str, feed: str = "") -> None:
	"""Run one feed of a list now, or all that are enabled, in the background. It confirms what waits for that."""
	_list(target_list)
	if not feed_rows_store.named(target_list, feed):
		frappe.throw(_("{0} has no such feed.").format(target_list))
	progress_store.tell(target_list, 0, 1)
	jobs.feed_list_soon(target_list, feed, asked=True)


@frappe.whitelist(methods=["POST"])
def feed_columns(report: str, report_filters: str = "") -> list[dict]:
	"""Return {"fieldname", "label", "doctype"} of the columns by which a report can feed a list, the likeliest first."""
	if not frappe.has_permission("Target List", "write"):
		frappe.throw(_("You have no permission to change target lists."), frappe.PermissionError)
	try:
		return [asdict(column) for column in feed_store.columns(report, report_filters)]
	except FeedFault as fault:
		frappe.throw(str(fault), title=_("This Report Can't Feed a List"))


@frappe.whitelist()
def sign_up_form(target_list: str) -> dict:
	"""Return {"url", "html"} of a list's sign-up form: its own page, and the form for another website."""
	doc = _list(target_list, "read")
	if not doc.sign_up:
		return {}
	return {"url": signup.url_of(doc.sign_up_token), "html": signup.snippet(doc)}
