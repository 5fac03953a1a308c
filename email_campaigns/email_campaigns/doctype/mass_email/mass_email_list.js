const COLOURS = {
	Draft: "gray",
	"Pending Approval": "yellow",
	Pending: "orange",
	"In Process": "blue",
	Paused: "yellow",
	Complete: "green",
	Cancelled: "gray",
	Failed: "red",
};
const UNDER_WAY = ["Pending", "In Process", "Paused"];

// The doctype has no states of its own: the Desk would ask them first, and never for what needs attention.
frappe.listview_settings["Mass Email"] = {
	hide_name_column: true,
	add_fields: ["status", "problem", "cc_summary"],
	formatters: {
		title: (title, df, { cc_summary }) => (cc_summary ? `${title} · ${cc_summary}` : title),
	},
	get_indicator({ status, problem }) {
		if (problem && UNDER_WAY.includes(status))
			return [__("Needs Attention"), "red", `status,=,${status}|problem,is,set`];
		return [__(status), COLOURS[status] || "gray", `status,=,${status}`];
	},
};
