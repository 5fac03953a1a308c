import { as_choices, hide_dialog } from "./call";

/** Offer the record types that this site has with an address and that are no recipient sources. */
export function offer_sources(frm) {
	const { grid } = frm.fields_dict.recipient_sources;
	const known = () => {
		const present = (frm.doc.recipient_sources || []).map((row) => row.source_doctype);
		const { known_sources = [] } = frm.doc.__onload || {};
		return known_sources.filter(({ source_doctype }) => !present.includes(source_doctype));
	};
	// The grid keeps its buttons from one refresh to the next.
	const $button = grid.add_custom_button(__("Add Known Record Types…"), () => choose(frm, known()));
	$button.toggleClass("hidden", !known().length);
}

function choose(frm, known) {
	const options = as_choices(known.map(({ source_doctype }) => source_doctype));
	const dialog = new frappe.ui.Dialog({
		title: __("Add Known Record Types"),
		fields: [
			{ fieldtype: "MultiCheck", fieldname: "doctypes", options, columns: 2, sort_options: false },
		],
		primary_action_label: __("Add"),
		primary_action({ doctypes = [] }) {
			for (const row of known.filter(({ source_doctype }) => doctypes.includes(source_doctype)))
				frm.add_child("recipient_sources", { enabled: 1, ...row });
			frm.refresh_field("recipient_sources");
			hide_dialog(dialog);
		},
	});
	dialog.show();
}
