"""Revenue of won deals by campaign, where the site has ERPNext's Opportunity or Sales Order.

A deal is won when its order is submitted: the amount is the order's net total in the company's currency, as ERPNext's
Campaign Efficiency counts (base_net_total). An order belongs to the campaign that it names, else to that of the
opportunity which its quotation came from. A Converted opportunity without such an order counts with its own amount.
Each user sees what the records that they may read amount to.
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
	"""What the won deals of a campaign amount to in one currency."""

	currency: str
	amount: float
	deals: int


def is_known() -> bool:
	"""Tell whether the site has deals that name a campaign and that the user may read."""
	return any(_field(doctype) for doctype in (ORDER, OPPORTUNITY))


def of_campaigns(names: Collection[str]) -> dict[str, list[Revenue]]:
	"""Return {campaign: its revenue, the largest first} of those that have any."""
	orders = {row.name: row for row in _deals(ORDER, names, {"docstatus": 1}, "base_net_total")}
	opportunities = _deals(OPPORTUNITY, names, {"status": "Converted"}, "base_opportunity_amount")
	ordered = _orders_of([row.name for row in opportunities])
	for row in opportunities:
		for order in ordered.get(row.name, []):
			if not order.campaign:
				orders[order.name] = frappe._dict(order, campaign=row.campaign)
	without = [row for row in opportunities if row.name not in ordered]
	return _summed([*orders.values(), *without])


def _field(doctype: str) -> str:
	"""The field of a doctype that links to a campaign, "" where the site or the user has none."""
	if not frappe.db.exists("DocType", doctype) or not frappe.has_permission(doctype, "read"):
		return ""
	for field in frappe.get_meta(doctype).get("fields", {"fieldtype": "Link"}):
		if field.options in ("Campaign", _MIRROR):
			return field.fieldname
	return ""


def _deals(doctype: str, campaigns: Collection[str], filters: dict, amount: str) -> list:
	"""Return rows with name, company, amount and campaign of the deals that name one of the campaigns."""
	field = _field(doctype)
	if not field or not campaigns:
		return []
	known = _keys(doctype, field, campaigns)
	rows = frappe.get_list(
		doctype,
		{**filters, field: ("in", list(known))},
		["name", "company", f"{amount} as amount", field],
		limit=0,
	)
	return [frappe._dict(row, campaign=known[row[field]]) for row in rows if row[field] in known]


def _keys(doctype: str, field: str, campaigns: Collection[str]) -> dict[str, str]:
	"""Return {what a deal has in its field: campaign}. A UTM Campaign has its campaign's name in words."""
	if frappe.get_meta(doctype).get_field(field).options != _MIRROR:
		return {name: name for name in campaigns}
	rows = frappe.get_all("Campaign", {"name": ("in", list(campaigns))}, ["name", "campaign_name"])
	return {row.campaign_name: row.name for row in rows}


def _orders_of(opportunities: list[str]) -> dict[str, list]:
	"""Return {opportunity: the submitted orders that its quotations have become}."""
	if not opportunities or not _field(ORDER) or not frappe.db.exists("DocType", QUOTATION):
		return {}
	quotations = dict(
		frappe.get_all(
			QUOTATION, {"opportunity": ("in", opportunities)}, ["name", "opportunity"], as_list=True
		)
	)
	items = {"docstatus": 1, "parenttype": ORDER, "prevdoc_docname": ("in", list(quotations) or [""])}
	became = {
		(row.parent, quotations[row.prevdoc_docname])
		for row in frappe.get_all("Sales Order Item", items, ["parent", "prevdoc_docname"])
	}
	names = [order for order, _opportunity in became] or [""]
	fields = ["name", "company", "base_net_total as amount", f"{_field(ORDER)} as campaign"]
	orders = {row.name: row for row in frappe.get_list(ORDER, {"name": ("in", names)}, fields, limit=0)}
	found: dict[str, list] = defaultdict(list)
	for order, opportunity in sorted(became):
		found[opportunity] += [orders[order]] if order in orders else []
	return found


def _summed(deals: Iterable) -> dict[str, list[Revenue]]:
	sums: dict[tuple[str, str], list[float]] = defaultdict(list)
	for deal in deals:
		sums[deal.campaign, _currency(deal.company)].append(flt(deal.amount))
	found: dict[str, list[Revenue]] = defaultdict(list)
	for (campaign, currency), amounts in sums.items():
		found[campaign].append(Revenue(currency, round(sum(amounts), 2), len(amounts)))
	return {name: sorted(rows, key=lambda row: -row.amount) for name, rows in found.items()}


def _currency(company: str | None) -> str:
	known = company and frappe.db.exists("DocType", "Company")
	found = frappe.get_cached_value("Company", company, "default_currency") if known else None
	return found or frappe.db.get_default("currency") or ""
