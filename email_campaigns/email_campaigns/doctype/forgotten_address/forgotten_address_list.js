frappe.listview_settings["Forgotten Address"] = {
	onload: (list) =>
		frappe.require("ec_privacy.bundle.js").then(() => email_campaigns.privacy.offer_privacy(list)),
};
