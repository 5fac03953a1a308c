/**
 * Call a method of a module of email_campaigns.api.desk ("approval.submit").
 * Resolves to its answer; `freeze` is the sentence shown meanwhile.
 */
export function call(method, args, freeze) {
	return frappe
		.call({
			method: `email_campaigns.api.desk.${method}`,
			args,
			freeze: Boolean(freeze),
			freeze_message: freeze,
		})
		.then((answer) => answer.message);
}

/** Save a form that has unsaved changes; resolves once what the server has is what the form shows. */
export function saved(frm) {
	return frm.is_dirty() && !frm.save_disabled ? frm.save() : Promise.resolve();
}

/** Hide a dialog. One that is still fading in is hidden once it is there: Bootstrap hides it no sooner. */
export function hide_dialog(dialog) {
	if (dialog.display) dialog.hide();
	else dialog.$wrapper.one("shown.bs.modal", () => dialog.hide());
}

/** Ask for a reason, then call `submit` with it. */
export function ask_for_reason(title, explanation, label, submit) {
	const dialog = new frappe.ui.Dialog({
		title,
		fields: [
			{ fieldtype: "HTML", fieldname: "explanation", options: `<p>${escape(explanation)}</p>` },
			{ fieldtype: "Small Text", fieldname: "reason", label: __("Reason"), reqd: 1 },
		],
		primary_action_label: label,
		primary_action({ reason }) {
			hide_dialog(dialog);
			submit(reason);
		},
	});
	dialog.show();
}

/** The doctypes whose records can be recipients and that the user may read; all bundles share one request. */
export function recipient_doctypes() {
	email_campaigns.recipient_doctypes =
		email_campaigns.recipient_doctypes || call("records.recipient_doctypes");
	return email_campaigns.recipient_doctypes;
}

/** Choices of a Select for those doctypes. */
export function as_choices(names) {
	return names.map((value) => ({ value, label: __(value) }));
}

/** A field of a dialog that asks for the selected records of a list view, or for all of its filters. */
export function which_field(list, names, all) {
	const selected = { value: "selected", label: __("The {0} selected", [number(names.length)]) };
	const filtered = { value: "all", label: __("All {0} of this list's filters", [number(all)]) };
	return {
		fieldtype: "Select",
		fieldname: "which",
		label: __(list.doctype),
		options: names.length ? [selected, filtered] : [filtered],
		default: names.length ? "selected" : "all",
	};
}

/** That choice as arguments for the server. */
export function chosen_records(list, names, which) {
	return which === "all"
		? { filters: JSON.stringify(list.get_filters_for_args()) }
		: { names: JSON.stringify(names) };
}

export function escape(text) {
	return frappe.utils.escape_html(String(text ?? ""));
}

export function number(value) {
	return format_number(value || 0, null, 0);
}
