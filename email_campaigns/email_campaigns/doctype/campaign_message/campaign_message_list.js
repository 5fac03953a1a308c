frappe.listview_settings["Campaign Message"] = {
	hide_name_column: true,
};
