frappe.listview_settings["Tracking Link"] = {
	hide_name_column: true,
	add_fields: ["enabled", "is_automatic"],
	get_indicator({ enabled, is_automatic }) {
		if (!enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		if (is_automatic) return [__("From a Plain Link"), "blue", "is_automatic,=,1"];
		return [__("Enabled"), "green", "enabled,=,1|is_automatic,=,0"];
	},
};
