frappe.listview_settings["Target List Member"] = {
	hide_name_column: true,
	add_fields: ["opted_out", "record_missing", "email"],
	get_indicator(doc) {
		if (doc.record_missing) return [__("Record Missing"), "red", "record_missing,=,1"];
		if (doc.opted_out) return [__("Opted Out"), "orange", "opted_out,=,1"];
		if (!doc.email) return [__("No Address"), "yellow", "email,is,not set"];
		return [__("Member"), "green", "opted_out,=,0|record_missing,=,0"];
	},
};
