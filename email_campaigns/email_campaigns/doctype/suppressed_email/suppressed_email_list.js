frappe.listview_settings["Suppressed Email"] = {
	hide_name_column: true,
	add_fields: ["reason"],
	onload: (list) =>
		frappe.require("ec_privacy.bundle.js").then(() => email_campaigns.privacy.offer_privacy(list)),
	get_indicator: (doc) => [
		__(doc.reason),
		email_campaigns.colour_of("suppression", doc.reason),
		`reason,=,${doc.reason}`,
	],
};
