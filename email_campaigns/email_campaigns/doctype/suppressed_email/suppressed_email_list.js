const REASONS = { Unsubscribed: "orange", "Hard Bounce": "red", Complaint: "red", Manual: "gray" };

frappe.listview_settings["Suppressed Email"] = {
	hide_name_column: true,
	add_fields: ["reason"],
	onload: (list) => email_campaigns.offer_privacy(list),
	get_indicator: (doc) => [__(doc.reason), REASONS[doc.reason] || "gray", `reason,=,${doc.reason}`],
};
