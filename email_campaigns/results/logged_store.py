"""Rows of the log for reports: one fact a row, with its mailing or enrolment.

Frappe exports what a report shows, as CSV and as Excel, so a report shows no text that is a formula there.
"""

from __future__ import annotations

from collections.abc import Mapping

import frappe
from frappe import _

from email_campaigns.characters import plain_row
from email_campaigns.record_rights_store import visible

ROWS = 100_000  # more than a browser can show; a narrower filter shows the rest
# SQL over a row `l` of the log, the mail `c` of it and the mailing `e`. A mail is one of a mailing, or a step
# of an enrolment.
MAILING = "e.name mass_email"
ENROLMENT = "IF(l.source_doctype = 'Email Campaign', l.source, NULL) email_campaign"
TITLE = (
	"COALESCE(e.title, (SELECT m.email_template FROM `tabCampaign Email Schedule` m"
	" WHERE m.parent = l.campaign AND m.step = c.step AND m.step > 0 LIMIT 1))"
)
# A copy, a colleague and a test are in no report of results.
_BY_A_PERSON = "COALESCE(l.verdict, '') NOT IN ('machine', 'internal', 'test')"


def log_condition(filters: Mapping) -> tuple[str, dict[str, object]]:
	"""Return SQL over the log `l` for the filters of a report, and the values in it."""
	conditions = ["l.source_doctype IN ('Mass Email', 'Email Campaign')"]
	values: dict[str, object] = {}
	for key, condition in (
		("mass_email", "l.source = %(mass_email)s"),
		("campaign", "l.campaign = %(campaign)s"),
		("from_date", "l.creation >= %(from_date)s"),
		("to_date", "l.creation < %(to_date)s + INTERVAL 1 DAY"),
	):
		if filters.get(key):
			conditions.append(condition)
			values[key] = filters[key]
	return " AND ".join(conditions), values


def mailing_columns() -> list[dict]:
	"""Return the columns in which every report names a mailing and its campaign."""
	return [
		{
			"fieldname": "mass_email",
			"label": _("Mass Email"),
			"fieldtype": "Link",
			"options": "Mass Email",
			"width": 160,
		},
		{"fieldname": "title", "label": _("Title"), "fieldtype": "Data", "width": 200},
		{
			"fieldname": "campaign",
			"label": _("Campaign"),
			"fieldtype": "Link",
			"options": "Campaign",
			"width": 160,
		},
	]


def log_columns(details: str) -> list[dict]:
	"""Return the columns of `log_rows`; `details` is the heading of the log's details."""
	return [
		{"fieldname": "creation", "label": _("Time"), "fieldtype": "Datetime", "width": 160},
		{"fieldname": "email", "label": _("Email"), "fieldtype": "Data", "width": 220},
		{"fieldname": "details", "label": details, "fieldtype": "Data", "width": 320},
		*mailing_columns(),
		{
			"fieldname": "email_campaign",
			"label": _("Email Campaign"),
			"fieldtype": "Link",
			"options": "Email Campaign",
			"width": 160,
		},
		{"fieldname": "recipient_doctype", "label": _("Record Type"), "fieldtype": "Data", "width": 140},
		{
			"fieldname": "recipient_name",
			"label": _("Record"),
			"fieldtype": "Dynamic Link",
			"options": "recipient_doctype",
			"width": 160,
		},
	]


def log_rows(action: str, filters: Mapping) -> list[dict]:
	"""Return the rows of `action` that a report's filters allow and the user may see, the latest first.

	They are at most ROWS.
	"""
	conditions, values = log_condition(filters)
	rows = frappe.db.sql(
		f"""SELECT l.creation, l.email, l.details, {MAILING}, {TITLE} title, {ENROLMENT},
			l.campaign, l.recipient_doctype, l.recipient_name
		FROM `tabCampaign Log` l LEFT JOIN `tabMass Email` e ON e.name = l.source
			LEFT JOIN `tabCampaign Message` c ON c.name = l.message
		WHERE l.action = %(action)s AND {_BY_A_PERSON} AND {conditions} AND {visible("Campaign Log", "l")}
			AND COALESCE(c.is_seed, 0) = 0 AND COALESCE(c.cc_of, 0) = 0
		ORDER BY l.creation DESC, l.name DESC LIMIT {ROWS}""",
		{"action": action, **values},
		as_dict=True,
	)
	return [plain_row(row) for row in rows]
