frappe.listview_settings["Suppressed Email"] = {
	hide_name_column: true,
	add_fields: ["reason", "refusal"],
	onload(list) {
		frappe.require("ec_privacy.bundle.js").then(() => email_campaigns.privacy.offer_privacy(list));
		if (frappe.model.can_delete(list.doctype))
			frappe
				.require("ec_suppressed_email.bundle.js")
				.then(() => email_campaigns.suppressed_email.offer_lifting(list));
	},
	get_indicator: (doc) => [
		__(doc.reason),
		email_campaigns.colour_of("suppression", doc.reason),
		`reason,=,${doc.reason}`,
	],
};
