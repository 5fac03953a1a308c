"""Revenue of won deals by campaign, where the site has ERPNext's Opportunity or Sales Order.

A deal is won when its order is submitted. Its amount is the order's net total in the company's currency, as
in ERPNext's Campaign Efficiency (base_net_total). An order belongs to the campaign that it names, else to
that of the opportunity which its quotation came from. A Converted opportunity without such an order counts
with its own amount. Only records that the user may read are summed up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import frappe
from frappe.utils import flt

ORDER, OPPORTUNITY, QUOTATION = "Sales Order", "Opportunity", "Quotation"
_MIRROR = "UTM Campaign"  # what ERPNext 16 links to instead of the Campaign


@dataclass(frozen=True, slots=True)
class Revenue:
	"""The won deals of a campaign in one currency: their number, and what they amount to."""

	currency: str
	amount: float
	deals: int


def is_known() -> bool:
	"""Tell whether the site has deals that name a campaign and that the user may read."""
	return any(_field(doctype) for doctype in (ORDER, OPPORTUNITY))


def revenue_by_campaign(names: Collection[str]) -> dict[str, list[Revenue]]:
	"""Return {campaign: its revenue, the largest first} of those that have any."""
	orders = {row.name: row for row in _deals(ORDER, names, {"docstatus": 1}, "base_net_total")}
	opportunities = _deals(OPPORTUNITY, names, {"status": "Converted"}, "base_opportunity_amount")
	ordered = _orders_by_opportunity([row.name for row in opportunities])
	for row in opportunities:
		for order in ordered.get(row.name, []):
			if not order.campaign:
				orders[order.name] = frappe._dict(order, campaign=row.campaign)
	without_order = [row for row in opportunities if row.name not in ordered]
	return _sum_deals([*orders.values(), *without_order])


def _field(doctype: str) -> str:
	"""Return the field of a doctype that links to a campaign, "" where the site or the user has none."""
	if not frappe.db.exists("DocType", doctype) or not frappe.has_permission(doctype, "read"):
		return ""
	for field in frappe.get_meta(doctype).get("fields", {"fieldtype": "Link"}):
		if field.options in ("Campaign", _MIRROR):
			return field.fieldname
	return ""


def _deals(doctype: str, campaigns: Collection[str], filters: dict, amount: str) -> list:
	"""Return rows (name, company, amount, campaign) of the deals that name one of the campaigns."""
	field = _field(doctype)
	if not field or not campaigns:
		return []
	campaign_by_value = _campaigns_by_value(doctype, field, campaigns)
	rows = frappe.get_list(
		doctype,
		{**filters, field: ("in", list(campaign_by_value))},
		["name", "company", f"{amount} as amount", field],
		limit=0,
	)
	return [
		frappe._dict(row, campaign=campaign_by_value[row[field]])
		for row in rows
		if row[field] in campaign_by_value
	]


def _campaigns_by_value(doctype: str, field: str, campaigns: Collection[str]) -> dict[str, str]:
	"""Return {value of a deal's field: campaign}. A UTM Campaign has the title of its campaign as its
	name."""
	if frappe.get_meta(doctype).get_field(field).options != _MIRROR:
		return {name: name for name in campaigns}
	rows = frappe.get_all("Campaign", {"name": ("in", list(campaigns))}, ["name", "campaign_name"])
	return {row.campaign_name: row.name for row in rows}


def _orders_by_opportunity(opportunities: list[str]) -> dict[str, list]:
	"""Return {opportunity: the submitted orders that its quotations have become}."""
	if not opportunities or not _field(ORDER) or not frappe.db.exists("DocType", QUOTATION):
		return {}
	quotations = dict(
		frappe.get_all(
			QUOTATION, {"opportunity": ("in", opportunities)}, ["name", "opportunity"], as_list=True
		)
	)
	items = {"docstatus": 1, "parenttype": ORDER, "prevdoc_docname": ("in", list(quotations) or [""])}
	order_sources = {
		(row.parent, quotations[row.prevdoc_docname])
		for row in frappe.get_all("Sales Order Item", items, ["parent", "prevdoc_docname"])
	}
	names = [order for order, _opportunity in order_sources] or [""]
	fields = ["name", "company", "base_net_total as amount", f"{_field(ORDER)} as campaign"]
	orders = {row.name: row for row in frappe.get_list(ORDER, {"name": ("in", names)}, fields, limit=0)}
	ordered: dict[str, list] = defaultdict(list)
	for order, opportunity in sorted(order_sources):
		ordered[opportunity] += [orders[order]] if order in orders else []
	return ordered


def _sum_deals(deals: Iterable) -> dict[str, list[Revenue]]:
	sums: dict[tuple[str, str], list[float]] = defaultdict(list)
	for deal in deals:
		sums[deal.campaign, _currency(deal.company)].append(flt(deal.amount))
	revenue: dict[str, list[Revenue]] = defaultdict(list)
	for (campaign, currency), amounts in sums.items():
		revenue[campaign].append(Revenue(currency, round(sum(amounts), 2), len(amounts)))
	return {name: sorted(rows, key=lambda row: -row.amount) for name, rows in revenue.items()}


def _currency(company: str | None) -> str:
	has_companies = company and frappe.db.exists("DocType", "Company")
	currency = frappe.get_cached_value("Company", company, "default_currency") if has_companies else None
	return currency or frappe.db.get_default("currency") or ""
