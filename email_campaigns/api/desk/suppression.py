"""Undoing suppressions: what one refusal of a server has suppressed is shown, and lifted in one step.

For those who may delete a Suppressed Email.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import frappe
from frappe import _

from email_campaigns.api.arguments import checked
from email_campaigns.api.kinds import Documents, Text
from email_campaigns.audience.suppression import undo_store
from email_campaigns.compat import change_latest_rows, enqueue_once
from email_campaigns.jobs import suppression


@frappe.whitelist()
@checked
def refusals() -> list[dict[str, Any]]:
	"""Return the refusals that have suppressed addresses, the latest first (undo_store.read_refusals)."""
	_check_permission()
	return undo_store.read_refusals()


@frappe.whitelist()
@checked
def refusal(key: Text) -> dict[str, Any]:
	"""Return what the refusal with a key has suppressed (undo_store.read_refusal).

	Each mailing has its "title" besides.
	"""
	_check_permission()
	answer = undo_store.read_refusal(key)
	for mailing in answer["mailings"]:
		title = mailing.doctype == "Mass Email" and frappe.db.get_value("Mass Email", mailing.name, "title")
		mailing["title"] = title or mailing.name
	return answer


@frappe.whitelist(methods=["POST"])
@checked
def lift_refusal(key: Text, mailings: Documents | None = None) -> dict[str, Any]:
	"""Lift the hard bounces of a refusal: all, or those of `mailings`, a list of [doctype, name].

	Returns {"count": how many, "in_background": whether a job lifts them}.
	"""
	_check_permission()
	count = undo_store.count_suppressed(key, mailings)
	if count <= undo_store.SLICE:
		change_latest_rows()
		return {"count": suppression.lift_slice(key, mailings), "in_background": False}
	digest = sha256(repr((key, mailings)).encode()).hexdigest()[:24]
	enqueue_once(suppression.lift_refusal, f"ec-lift-{digest}", queue="long", refusal=key, mailings=mailings)
	return {"count": count, "in_background": True}


def _check_permission() -> None:
	if not frappe.has_permission("Suppressed Email", "delete"):
		frappe.throw(_("Only campaign managers and system managers may do this."), frappe.PermissionError)
