const ROLES_OF_FIELDS = {
	email_field: ["Data", "Read Only", "Small Text"],
	name_field: ["Data", "Read Only", "Small Text"],
	opt_out_field: ["Check"],
	language_field: ["Link", "Data", "Select"],
	time_zone_field: ["Select", "Autocomplete", "Data"],
};

frappe.ui.form.on("Email Campaign Settings", {
	before_load: () => frappe.require("ec_settings.bundle.js"),

	setup(frm) {
		for (const table of ["recipient_sources", "cc_fields"])
			frm.set_query("source_doctype", table, () => ({ filters: { istable: 0, issingle: 0 } }));
	},
	refresh(frm) {
		const { durability = [], old_code = [] } = frm.doc.__onload || {};
		const warnings = [old_code.join(" "), ...durability].filter(Boolean);
		frm.set_intro(warnings.map(frappe.utils.escape_html).join("<br><br>"), "orange");
		// As early as possible: the definition of a record type takes a while to load.
		for (const [table, offer] of Object.entries(OFFERS))
			for (const { doc } of frm.fields_dict[table].grid.grid_rows || [])
				offer(frm, doc.doctype, doc.name);
		if (!frappe.perm.has_perm(frm.doctype, 0, "write")) return;
		frm.add_custom_button(__("Judge Opens and Clicks Again…"), judge_again);
		email_campaigns.settings.offer_sources(frm);
		email_campaigns.settings.show_sources(frm);
		email_campaigns.settings.offer_webhooks(frm);
	},
});

frappe.ui.form.on("Campaign Recipient Source", { form_render: open_row, source_doctype: offer_fields });

frappe.ui.form.on("Campaign CC Field", {
	form_render: open_row,
	source_doctype: offer_cc_fields,
	cc_fields_add: offer_cc_fields,
});

const OFFERS = { recipient_sources: offer_fields, cc_fields: offer_cc_fields };

function open_row(frm, doctype, row_name) {
	const { parentfield } = frappe.get_doc(doctype, row_name);
	email_campaigns.settings.keep_focus(frm.fields_dict[parentfield].grid.grid_rows_by_docname[row_name]);
	OFFERS[parentfield](frm, doctype, row_name);
}

/** Offer the fields of a row's doctype that hold an address or link to a User. */
function offer_cc_fields(frm, _cdt, row_name) {
	with_fields(frm, "cc_fields", row_name, (row, fields) => {
		const owner = ((frm.doc.__onload || {}).owner_fields || {})[row.doc.source_doctype];
		if (owner && !row.doc.cc_fieldname)
			frappe.model.set_value(row.doc.doctype, row_name, "cc_fieldname", owner);
		const useful = ({ fieldtype, options }) =>
			fieldtype === "Data" || (fieldtype === "Link" && options === "User");
		const offered = [{ fieldname: "owner", label: "Owner" }, ...fields.filter(useful)];
		email_campaigns.settings.offer_in_row(row, "cc_fieldname", offered.map(as_choice));
	});
}

/** Offer the fields of a row's doctype. */
function offer_fields(frm, _cdt, row_name) {
	with_fields(frm, "recipient_sources", row_name, (row, fields) => {
		for (const [fieldname, types] of Object.entries(ROLES_OF_FIELDS)) {
			const offered = fields.filter(({ fieldtype }) => types.includes(fieldtype));
			email_campaigns.settings.offer_in_row(row, fieldname, offered.map(as_choice));
		}
	});
}

/** Ask for a time, and judge the opens and clicks since then by the present rules. */
function judge_again() {
	const since = { fieldtype: "Datetime", fieldname: "since", label: __("Opens and Clicks Since"), reqd: 1 };
	const judge = (values) =>
		email_campaigns.call("tracking.judge_again", values).then(() =>
			frappe.show_alert({
				message: __("They are being judged in the background."),
				indicator: "blue",
			})
		);
	frappe.prompt(
		[{ ...since, default: frappe.datetime.add_months(frappe.datetime.now_datetime(), -1) }],
		judge,
		__("Judge Opens and Clicks Again"),
		__("Judge Again")
	);
}

/** Call `use` with a row of a table and the fields of its record type, unless the type has changed meanwhile. */
function with_fields(frm, table, row_name, use) {
	const row = frm.fields_dict[table].grid.grid_rows_by_docname[row_name];
	const source = row && row.doc.source_doctype;
	if (!source) return;
	frappe.model.with_doctype(source, () => {
		if (row.doc.source_doctype === source) use(row, frappe.get_meta(source).fields);
	});
}

function as_choice({ fieldname, label }) {
	return { value: fieldname, label: fieldname, description: __(label) };
}
