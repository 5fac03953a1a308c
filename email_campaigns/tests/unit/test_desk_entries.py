"""What leads to the app's forms in the Desk: the workspace, and the sidebar that Frappe 16 has beside it."""

import json
from pathlib import Path

APP = Path(__file__).parents[2]
WORKSPACE = json.loads((APP / "email_campaigns/workspace/email_campaigns/email_campaigns.json").read_text())
SIDEBAR = json.loads((APP / "workspace_sidebar/email_campaigns.json").read_text())


def test_conditions_have_four_values():
	# Of those with five, as Frappe 15 writes them, Frappe 16 drops the last condition.
	shortcuts = [json.loads(shortcut.get("stats_filter") or "[]") for shortcut in WORKSPACE["shortcuts"]]
	cards = [json.loads(path.read_text()) for path in APP.glob("email_campaigns/*/*/*.json")]
	stored = [json.loads(card.get("filters_json") or "[]") for card in cards]
	conditions = [row for filters in shortcuts + stored if isinstance(filters, list) for row in filters]
	assert len(conditions) > 5
	assert [
		condition for condition in conditions if isinstance(condition, list) and len(condition) != 4
	] == []


def test_the_sidebar_has_the_links_of_the_workspace():
	def links(rows):
		return [(row["label"], row["link_type"], row["link_to"]) for row in rows if row["type"] == "Link"]

	home, *others = links(SIDEBAR["items"])
	assert home == ("Home", "Workspace", WORKSPACE["name"])
	assert others == links(WORKSPACE["links"])
	assert (SIDEBAR["title"], SIDEBAR["module"]) == (WORKSPACE["title"], WORKSPACE["module"])


def test_where_a_list_is_filtered_by_a_record_it_is_by_its_type_too():
	# Frappe 16 asks the filter of the type which records to offer, and fails where there is none.
	doctypes = [json.loads(path.read_text()) for path in APP.glob("email_campaigns/doctype/*/*.json")]
	filters = {
		(doctype["name"], field["fieldname"]): field
		for doctype in doctypes
		for field in doctype["fields"]
		if field.get("in_standard_filter")
	}
	records = [key for key, field in filters.items() if field["fieldtype"] == "Dynamic Link"]
	assert ("Campaign Message", "source") in records
	assert [
		(name, field) for name, field in records if (name, filters[name, field]["options"]) not in filters
	] == []
