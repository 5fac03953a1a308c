"""The UTM Campaign that ERPNext 16 keeps for each Campaign, and that its Leads and sales documents link to.

It follows erpnext/crm/doctype/campaign/campaign.py of ERPNext 16, but for one thing: `crm_campaign` is the
Campaign's name. ERPNext writes its campaign_name, which under a naming series names no Campaign and can't be
saved.
"""

from __future__ import annotations

import frappe
from frappe.model.rename_doc import rename_doc

DOCTYPE = "UTM Campaign"
LINK = "crm_campaign"  # a Custom Field that ERPNext 16 adds


def is_here() -> bool:
	"""Tell whether this site mirrors campaigns."""
	return bool(frappe.db.exists("DocType", DOCTYPE)) and frappe.get_meta(DOCTYPE).has_field(LINK)


def mirror_campaign(campaign) -> None:
	"""Make or update the UTM Campaign of a Campaign document, with the campaign's title as its name."""
	if not is_here() or not campaign.campaign_name:
		return
	values = {"campaign_description": campaign.description, LINK: campaign.name}
	known = frappe.db.exists(DOCTYPE, campaign.campaign_name)
	doc = frappe.get_doc(DOCTYPE, campaign.campaign_name) if known else frappe.new_doc(DOCTYPE)
	if known and all((doc.get(field) or "") == (value or "") for field, value in values.items()):
		return
	doc.name = campaign.campaign_name
	doc.update(values).save(ignore_permissions=True)


def follow_rename(old: str, new: str) -> None:
	"""Rename the UTM Campaign with its campaign, and so all links to it."""
	if is_here() and frappe.db.exists(DOCTYPE, old) and not frappe.db.exists(DOCTYPE, new):
		rename_doc(DOCTYPE, old, new, force=True, ignore_permissions=True, show_alert=False)


def mirror_all() -> None:
	"""Make or update the UTM Campaigns of all Campaigns."""
	if is_here():
		for name in frappe.get_all("Campaign", pluck="name"):
			mirror_campaign(frappe.get_doc("Campaign", name))
