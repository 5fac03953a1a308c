import frappe


def execute():
	"""A single doctype that is saved already takes no defaults of new fields, and campaigns that are older than their
	schedule are tracked as the settings say."""
	stored = frappe.db.get_singles_dict("Email Campaign Settings")
	if "catch_up_days" not in stored:
		frappe.db.set_single_value("Email Campaign Settings", "catch_up_days", 3, update_modified=False)
	for field in ("track_opens", "track_links"):
		value = int(stored.get(field) or 0)
		frappe.db.sql(
			f"""UPDATE `tabCampaign` SET {field} = %s WHERE name NOT IN (SELECT parent FROM `tabCampaign Email Schedule`)""",
			value,
		)
