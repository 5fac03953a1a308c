frappe.listview_settings["Forgotten Address"] = {
	onload: (list) => email_campaigns.offer_privacy(list),
};
