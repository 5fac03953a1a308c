const COLOURS = {
	Scheduled: "blue",
	"In Progress": "orange",
	Completed: "green",
	Unsubscribed: "red",
	Replied: "purple",
	Cancelled: "gray",
};

frappe.listview_settings["Email Campaign"] = {
	hide_name_column: true,
	onload: () => email_campaigns.offer_kinds(),
	get_indicator: ({ status }) => [__(status), COLOURS[status] || "gray", `status,=,${status}`],
};
