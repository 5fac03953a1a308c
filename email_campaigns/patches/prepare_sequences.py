"""Patch: settings and campaigns get values for the sequences that they can have from now on."""

import frappe


def execute() -> None:
	"""Set the default of catch_up_days, and let campaigns without a schedule be tracked as the settings say.

	A single doctype that has been saved does not get the defaults of new fields by itself.
	"""
	stored = frappe.db.get_singles_dict("Email Campaign Settings")
	if "catch_up_days" not in stored:
		frappe.db.set_single_value("Email Campaign Settings", "catch_up_days", 3, update_modified=False)
	for field in ("track_opens", "track_links"):
		value = int(stored.get(field) or 0)
		frappe.db.sql(
			f"""UPDATE `tabCampaign` SET {field} = %s
			WHERE name NOT IN (SELECT parent FROM `tabCampaign Email Schedule`)""",
			value,
		)
