const ACTIONS = {
	Sent: "green",
	Opened: "blue",
	Clicked: "blue",
	Replied: "blue",
	"Attachment Viewed": "blue",
	"Opted In": "green",
	"Opted Out": "orange",
	Bounced: "red",
	Complained: "red",
	Failed: "red",
	Uncertain: "orange",
};

frappe.listview_settings["Campaign Log"] = {
	hide_name_column: true,
	add_fields: ["action"],
	get_indicator: (doc) => [__(doc.action), ACTIONS[doc.action] || "gray", `action,=,${doc.action}`],
};
