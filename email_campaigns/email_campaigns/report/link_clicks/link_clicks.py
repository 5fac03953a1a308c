"""Report of the tracked links of each mailing and each step of a sequence.

It counts the people who followed a link, and the clicks of people and of bots.
"""

import frappe
from frappe import _

from email_campaigns.api.arguments import report_filters
from email_campaigns.characters import plain_row
from email_campaigns.results.breakdown_store import LINK, has_links
from email_campaigns.results.logged_store import MAILING, TITLE, log_condition, mailing_columns
from email_campaigns.results.store import PEOPLE, PERSON


def execute(filters=None):
	"""Return the columns and the rows of the report."""
	chosen = report_filters(filters)
	return _columns(), _rows(chosen) if has_links() else []


def _columns() -> list[dict]:
	link = {"fieldtype": "Link", "options": LINK} if has_links() else {"fieldtype": "Data"}
	return [
		{"fieldname": "link", "label": _("Tracking Link"), "width": 220, **link},
		*mailing_columns(),
		{"fieldname": "people", "label": _("People"), "fieldtype": "Int", "width": 90},
		{"fieldname": "clicks", "label": _("Clicks by People"), "fieldtype": "Int", "width": 130},
		{"fieldname": "machine_clicks", "label": _("Clicks by Bots"), "fieldtype": "Int", "width": 150},
		{"fieldname": "last_click", "label": _("Last Click"), "fieldtype": "Datetime", "width": 160},
	]


def _rows(filters) -> list[dict]:
	conditions, values = log_condition(filters)
	rows = frappe.db.sql(
		f"""SELECT l.link, {MAILING}, MAX({TITLE}) title, l.campaign,
			COUNT(DISTINCT IF(l.verdict = 'human', {PERSON}, NULL)) people,
			CAST(SUM(l.verdict = 'human') AS SIGNED) clicks,
			CAST(SUM(l.verdict = 'machine') AS SIGNED) machine_clicks,
			MAX(IF(l.verdict = 'human', l.creation, NULL)) last_click
		FROM `tabCampaign Log` l JOIN `tabCampaign Message` c ON c.name = l.message
		LEFT JOIN `tabMass Email` e ON e.name = l.source
		WHERE l.action = 'Clicked' AND COALESCE(l.link, '') != '' AND {PEOPLE} AND {conditions}
		GROUP BY l.link, e.name, l.campaign ORDER BY people DESC, clicks DESC""",
		values,
		as_dict=True,
	)
	return [plain_row(row) for row in rows]
