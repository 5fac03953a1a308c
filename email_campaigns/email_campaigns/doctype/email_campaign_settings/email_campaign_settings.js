const ROLES_OF_FIELDS = {
	email_field: ["Data", "Read Only", "Small Text"],
	name_field: ["Data", "Read Only", "Small Text"],
	opt_out_field: ["Check"],
	language_field: ["Link", "Data", "Select"],
	time_zone_field: ["Select", "Autocomplete", "Data"],
};

frappe.ui.form.on("Email Campaign Settings", {
	setup(frm) {
		for (const table of ["recipient_sources", "cc_fields"])
			frm.set_query("source_doctype", table, () => ({ filters: { istable: 0, issingle: 0 } }));
	},
	refresh(frm) {
		if (frappe.perm.has_perm(frm.doctype, 0, "write"))
			frm.add_custom_button(__("Judge Opens and Clicks Again…"), judge_again);
	},
});

frappe.ui.form.on("Campaign Recipient Source", {
	form_render: (frm, cdt, cdn) => offer_fields(frm, cdn),
	source_doctype: (frm, cdt, cdn) => offer_fields(frm, cdn),
});

frappe.ui.form.on("Campaign CC Field", {
	form_render: (frm, cdt, cdn) => offer_cc_fields(frm, cdn),
	source_doctype: (frm, cdt, cdn) => offer_cc_fields(frm, cdn),
	cc_fields_add: (frm, cdt, cdn) => offer_cc_fields(frm, cdn),
});

/** Offer the fields of a row's doctype that hold an address or link to a User. */
function offer_cc_fields(frm, row_name) {
	const grid = frm.fields_dict.cc_fields.grid;
	const row = grid.grid_rows_by_docname[row_name];
	if (!row || !row.doc.source_doctype) return;
	frappe.model.with_doctype(row.doc.source_doctype, () => {
		const useful = ({ fieldtype, options }) =>
			fieldtype === "Data" || (fieldtype === "Link" && options === "User");
		const fields = frappe.get_meta(row.doc.source_doctype).fields.filter(useful);
		const choices = [{ fieldname: "owner", label: "Owner" }, ...fields].map((df) => ({
			value: df.fieldname,
			label: df.fieldname,
			description: __(df.label),
		}));
		for (const place of [row.grid_form && row.grid_form.fields_dict, row.on_grid_fields_dict]) {
			const field = place && place.cc_fieldname;
			if (field && field.set_data) field.set_data(choices);
		}
	});
}

/** Let the fields of a row be chosen among those of its doctype. */
function offer_fields(frm, row_name) {
	const row = frm.fields_dict.recipient_sources.grid.grid_rows_by_docname[row_name];
	if (!row.doc.source_doctype) return;
	frappe.model.with_doctype(row.doc.source_doctype, () => {
		const fields = frappe.get_meta(row.doc.source_doctype).fields;
		for (const [fieldname, types] of Object.entries(ROLES_OF_FIELDS)) {
			const choices = fields
				.filter(({ fieldtype }) => types.includes(fieldtype))
				.map((df) => ({ value: df.fieldname, label: df.fieldname, description: __(df.label) }));
			const field = row.grid_form && row.grid_form.fields_dict[fieldname];
			if (field && field.set_data) field.set_data(choices);
		}
	});
}

/** Ask from when on, and let the opens and clicks since then be judged by the rules as they are now. */
function judge_again() {
	const since = { fieldtype: "Datetime", fieldname: "since", label: __("Opens and Clicks Since"), reqd: 1 };
	const go = (values) =>
		email_campaigns.call("tracking.judge_again", values).then(() =>
			frappe.show_alert({
				message: __("They are being judged in the background."),
				indicator: "blue",
			})
		);
	frappe.prompt(
		[{ ...since, default: frappe.datetime.add_months(frappe.datetime.now_datetime(), -1) }],
		go,
		__("Judge Opens and Clicks Again"),
		__("Judge Again")
	);
}
