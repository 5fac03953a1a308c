/** Track a new mailing as the settings say; a copy of a mailing keeps its own choice. */
export function default_tracking(frm) {
	const fields = ["track_opens", "track_links"].filter((field) => frm.doc[field] == null);
	if (!frm.is_new() || !fields.length) return;
	frappe.db.get_doc("Email Campaign Settings").then((settings) => {
		for (const field of fields) frm.set_value(field, settings[field]);
	});
}
