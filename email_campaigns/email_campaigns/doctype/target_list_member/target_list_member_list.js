frappe.listview_settings["Target List Member"] = {
	hide_name_column: true,
	add_fields: ["opted_out", "record_missing", "email"],
	get_indicator(doc) {
		if (doc.record_missing) return [__("Record Missing"), "red", "record_missing,=,1"];
		if (doc.ec_state)
			return [
				__(doc.ec_state),
				email_campaigns.colour_of("suppression", doc.ec_state, "orange"),
				`email,=,${doc.email}`,
			];
		if (doc.opted_out) return [__("Opted Out"), "orange", "opted_out,=,1"];
		if (!doc.email) return [__("No Address"), "yellow", "email,is,not set"];
		return [__("Member"), "green", "opted_out,=,0|record_missing,=,0"];
	},

	// The state of an address is not a field of the member: one request gets it for all rows.
	refresh(list) {
		const rows = list.data || [];
		if (!rows.length) return;
		const names = JSON.stringify(rows.map(({ name }) => name));
		email_campaigns.call("target_list.member_states", { names }).then((states) => {
			if (rows !== list.data || !Object.keys(states).length) return;
			for (const row of rows) row.ec_state = states[row.name];
			list.render_list();
		});
	},
};
