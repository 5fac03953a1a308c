import { escape } from "./call";

/** Show below a field with whose rights the mails of a form are sent, as the server counted them. */
export function show_authors(frm, field) {
	const { authors = [] } = (!frm.is_new() && frm.doc.__onload) || {};
	frm.set_df_property(field, "description", authors.length ? sentence(frm, authors) : "");
}

function sentence(frm, authors) {
	const names = authors.map(escape).join(", ");
	if (frm.doctype === "Campaign")
		return __(
			"Sent with the rights of {0} and of the sender of each enrolment: a mail shows only fields that all of them may read.",
			[names]
		);
	return __("Sent with the rights of {0}: a mail shows only fields that all of them may read.", [names]);
}
