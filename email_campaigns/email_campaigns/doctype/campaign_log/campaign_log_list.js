frappe.listview_settings["Campaign Log"] = {
	hide_name_column: true,
	add_fields: ["action"],
	get_indicator: (doc) => [
		__(doc.action),
		email_campaigns.colour_of("action", doc.action),
		`action,=,${doc.action}`,
	],
};
