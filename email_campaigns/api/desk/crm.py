"""What the front end of Frappe CRM asks: the activities of a record, and the user's lists and campaigns."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _

from email_campaigns.api.arguments import checked
from email_campaigns.api.desk import timeline
from email_campaigns.api.kinds import Name
from email_campaigns.frappe_crm import activities_store
from email_campaigns.frappe_crm.activities import ShownEvent, event_activity, mail_activity, with_own
from email_campaigns.frappe_crm.names import ACTIVITIES, DEAL, LEAD

CHOICES = 500  # lists and campaigns that a dialog shows
# The mail itself stands for the first; the others are about no reader.
_NO_EVENTS = ("Sent", "CC Sent", "CC Skipped", "Test")


@frappe.whitelist()
@checked
def get_activities(name: Name) -> Any:
	"""Return what Frappe CRM's function of this name does, with our mails and events among its activities.

	It stands in its place by the hook override_whitelisted_methods. The original checks the permission on
	the record.
	"""
	answer = frappe.get_attr(ACTIVITIES)(name)
	own = [activity for doctype, record in _records(name) for activity in _own_activities(doctype, record)]
	return with_own(answer, own)


def _records(name: str) -> list[tuple[str, str]]:
	"""Return the records whose activities the original shows: a Deal and its Lead, or a Lead."""
	if not frappe.db.exists(DEAL, name):
		return [(LEAD, name)]
	lead = frappe.db.get_value(DEAL, name, "lead")
	return [(DEAL, name), *([(LEAD, lead)] if lead else [])]


def _own_activities(doctype: str, record: str) -> list[dict[str, Any]]:
	is_lead = doctype == LEAD
	mails = activities_store.read_mails(doctype, record) if _may("Campaign Message", "read") else []
	return [
		*(mail_activity(mail, is_lead=is_lead) for mail in mails),
		*(event_activity(event, is_lead=is_lead) for event in _events(doctype, record)),
	]


def _events(doctype: str, record: str) -> list[ShownEvent]:
	return [
		ShownEvent(
			event.name, event.creation, _(event.action), title or "", event.details or "", event.email or ""
		)
		for event, title in timeline.read_events(doctype, record)
		if event.action not in _NO_EVENTS
	]


@frappe.whitelist()
@checked
def choices() -> dict[str, list[dict[str, str]]]:
	"""Return {"lists", "campaigns"} that the user may fill and enrol in, each {"value", "label"}.

	A user without these rights gets none.
	"""
	return {
		"lists": _choices("Target List", {}) if _may("Target List", "write") else [],
		"campaigns": _choices("Campaign", {"status": ("not in", ["Inactive", "Complete"])})
		if _may("Email Campaign", "create") and _may("Campaign", "read")
		else [],
	}


def _may(doctype: str, ptype: str) -> bool:
	return bool(frappe.has_permission(doctype, ptype))


def _choices(doctype: str, filters: dict[str, Any]) -> list[dict[str, str]]:
	title = frappe.get_meta(doctype).get_title_field()
	rows = frappe.get_list(doctype, filters, ["name", title], order_by=f"{title} asc", limit=CHOICES)
	return [{"value": row.name, "label": row[title] or row.name} for row in rows]
