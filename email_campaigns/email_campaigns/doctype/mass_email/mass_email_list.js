const UNDER_WAY = ["Pending", "In Process", "Paused"];

// The doctype has no states of its own: the Desk would use them first, and never show what needs attention.
frappe.listview_settings["Mass Email"] = {
	hide_name_column: true,
	add_fields: ["status", "problem", "cc_summary"],
	refresh: ({ data, $result }) => data.forEach((row) => show_copies($result, row)),
	get_indicator({ status, problem }) {
		if (problem && UNDER_WAY.includes(status))
			return [__("Needs Attention"), "red", `status,=,${status}|problem,is,set`];
		return [__(status), email_campaigns.colour_of("mailing", status), `status,=,${status}`];
	},
};

/** Add the CC fields to the title of a row. A formatter of the title would replace its link and escape nothing. */
function show_copies($result, { name, cc_summary }) {
	const $row = $result.find(`.list-row-checkbox[data-name="${escape(name)}"]`).closest(".list-row");
	if (cc_summary && !$row.find(".ec-cc").length)
		$row.find(".list-subject a")
			.first()
			.append($('<span class="ec-cc"></span>').text(` · ${cc_summary}`));
}
