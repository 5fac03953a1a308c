frappe.views.calendar["Email Campaign"] = {
	field_map: {
		start: "start_date",
		end: "end_date",
		id: "name",
		title: "recipient",
		allDay: "all_day",
		status: "status",
	},
	gantt: false,
	get_events_method: "email_campaigns.api.desk.drip.events",
	get_css_class({ status }) {
		if (["Unsubscribed", "Cancelled"].includes(status)) return "danger";
		return { Completed: "success", Replied: "success", Scheduled: "info" }[status] || "warning";
	},
};
