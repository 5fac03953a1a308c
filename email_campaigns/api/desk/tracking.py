"""Tracking on the form of the settings."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import cstr, get_datetime

from email_campaigns.compat import enqueue_once
from email_campaigns.jobs import upkeep


@frappe.whitelist(methods=["POST"])
def judge_again(since: str) -> None:
	"""Judge the opens and clicks since a time of the site's clock again, in the background.

	Throws ValidationError where `since` is no time.
	"""
	frappe.get_doc("Email Campaign Settings").check_permission("write")
	try:
		start = get_datetime(since)
	except ValueError:
		start = None
	if not start:
		frappe.throw(_("This is no date and time: {0}").format(cstr(since)[:50]))
	enqueue_once(upkeep.rejudge_hits, "ec-rejudge", queue="long", timeout=3600, since=cstr(start))
