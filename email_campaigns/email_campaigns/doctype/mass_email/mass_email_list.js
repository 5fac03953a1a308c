const UNDER_WAY = ["Pending", "In Process", "Paused"];

frappe.listview_settings["Mass Email"] = {
	add_fields: ["status", "problem"],
	get_indicator(doc) {
		if (doc.problem && UNDER_WAY.includes(doc.status))
			return [__("{0}: needs attention", [__(doc.status)]), "red", `status,=,${doc.status}|problem,is,set`];
		const state = frappe.get_meta("Mass Email").states.find(({ title }) => title === doc.status);
		return [__(doc.status), state ? state.color.toLowerCase() : "gray", `status,=,${doc.status}`];
	},
};
