"""Report of every mailing with its figures and rates; the heading of each rate says what it is a share of."""

import frappe
from frappe import _
from frappe.utils import fmt_money

from email_campaigns.api.arguments import report_filters
from email_campaigns.characters import plain_row
from email_campaigns.results import revenue_store, store
from email_campaigns.results.logged_store import mailing_columns
from email_campaigns.results.rates import Counts, rate
from email_campaigns.text import _lt

SHOWN_IN_CHART = 12
COUNTS = {
	"sent": _lt("Mailed"),
	"delivered": _lt("Delivered"),
	"opened": _lt("Opened"),
	"clicked": _lt("Clicked"),
	"replied": _lt("Replied"),
	"bounced": _lt("Bounced"),
	"unsubscribed": _lt("Unsubscribed"),
	"complained": _lt("Complained"),
}
RATES = {
	"open_rate": _lt("Opened (% of Delivered)"),
	"click_rate": _lt("Clicked (% of Delivered)"),
	"click_to_open_rate": _lt("Clicked (% of Opened)"),
	"reply_rate": _lt("Replied (% of Delivered)"),
	"bounce_rate": _lt("Bounced (% of Mailed)"),
	"unsubscribe_rate": _lt("Unsubscribed (% of Delivered)"),
}
RAW = {
	"open_rate": _lt("Opened, With Bots (% of Delivered)"),
	"click_rate": _lt("Clicked, With Bots (% of Delivered)"),
}


def execute(filters=None):
	"""Return the columns, the rows, no message and the chart of the report."""
	rows = _rows(report_filters(filters))
	return _columns(), rows, None, _chart(rows)


def _columns() -> list[dict]:
	return [
		*mailing_columns(),
		{"fieldname": "started_on", "label": _("Started"), "fieldtype": "Datetime", "width": 160},
		*(
			{"fieldname": kind, "label": _(label), "fieldtype": "Int", "width": 100}
			for kind, label in COUNTS.items()
		),
		*(
			{"fieldname": name, "label": _(label), "fieldtype": "Percent", "width": 130}
			for name, label in RATES.items()
		),
		*(
			{"fieldname": f"raw_{name}", "label": _(label), "fieldtype": "Percent", "width": 150}
			for name, label in RAW.items()
		),
		*(
			[
				{
					"fieldname": "revenue",
					"label": _("Revenue of the Campaign"),
					"fieldtype": "Data",
					"width": 160,
				}
			]
			if revenue_store.is_known()
			else []
		),
	]


def _rows(filters) -> list[dict]:
	conditions = [["people_planned_count", ">", 0]]
	conditions += [
		[field, "=", filters[key]]
		for key, field in (("campaign", "campaign"), ("mass_email", "name"))
		if filters.get(key)
	]
	conditions += [["started_on", ">=", filters.from_date]] if filters.from_date else []
	conditions += [["started_on", "<=", f"{filters.to_date} 23:59:59"]] if filters.to_date else []
	mailings = frappe.get_list(
		"Mass Email",
		filters=conditions,
		fields=["name as mass_email", "title", "campaign", "started_on"],
		order_by="started_on desc",
		limit=0,
	)
	counts = store.counts_by_mailing([row.mass_email for row in mailings])
	revenue = revenue_store.revenue_by_campaign({row.campaign for row in mailings})
	return [
		{
			**plain_row(row),
			**_figures(counts.get(row.mass_email, Counts())),
			"revenue": _money(revenue.get(row.campaign, [])),
		}
		for row in mailings
	]


def _money(revenue: list) -> str:
	"""Return amounts as text, since companies of one site may have several currencies."""
	return ", ".join(fmt_money(row.amount, currency=row.currency) for row in revenue)


def _figures(counts: Counts) -> dict:
	values = {kind: getattr(counts, kind) for kind in COUNTS}
	values |= {name: _percent(rate(name, counts).human) for name in RATES}
	return values | {f"raw_{name}": _percent(rate(name, counts).raw) for name in RAW}


def _percent(share: float | None) -> float | None:
	return None if share is None else round(100 * share, 2)


def _chart(rows: list[dict]) -> dict | None:
	"""Return the rates of the last mailings, in the order of their start; None where there are none."""
	shown = rows[:SHOWN_IN_CHART][::-1]
	if not shown:
		return None
	lines = {"open_rate": _("Opened"), "click_rate": _("Clicked")}
	return {
		"data": {
			"labels": [row["title"] for row in shown],
			"datasets": [
				{"name": label, "values": [row[name] or 0 for row in shown]} for name, label in lines.items()
			],
		},
		"type": "bar",
		"fieldtype": "Percent",
		"colors": ["#7575ff", "#48bb74"],
	}
