const ROLES_OF_FIELDS = {
	email_field: ["Data", "Read Only", "Small Text"],
	name_field: ["Data", "Read Only", "Small Text"],
	opt_out_field: ["Check"],
	language_field: ["Link", "Data", "Select"],
	time_zone_field: ["Select", "Autocomplete", "Data"],
};

frappe.ui.form.on("Email Campaign Settings", {
	setup(frm) {
		frm.set_query("source_doctype", "recipient_sources", () => ({ filters: { istable: 0, issingle: 0 } }));
	},
});

frappe.ui.form.on("Campaign Recipient Source", {
	form_render: (frm, cdt, cdn) => offer_fields(frm, cdn),
	source_doctype: (frm, cdt, cdn) => offer_fields(frm, cdn),
});

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
