import { call, escape } from "./call";

/** Show what a template has to say to hold this link, each with a button that copies it. */
export function show_link_code(frm) {
	const $area = frm.get_field("code_html").$wrapper.empty();
	if (frm.is_new() || frm.doc.is_automatic) return;
	const codes = [[`{trackingUrl:${frm.doc.name}}`, __("In any template")]];
	// A title with such a sign would end the text that stands between the quotation marks.
	if (frm.doc.campaign && !/["\\{}]/.test(frm.doc.title))
		codes.push([
			`{{ tracking_url("${frm.doc.title}") }}`,
			__("In templates of {0}", [escape(frm.doc.campaign)]),
		]);
	for (const [code, where] of codes) row(code, where).appendTo($area);
}

function row(code, where) {
	const $row = $(`<p class="ec-code">
		<code>${escape(code)}</code>
		<button class="btn btn-xs btn-default ml-2">${__("Copy")}</button>
		<span class="text-muted ml-2">${where}</span></p>`);
	$row.find("button").on("click", () => frappe.utils.copy_to_clipboard(code));
	return $row;
}

/** A new mailing is tracked as the settings say; one that is copied keeps what it has. */
export function default_tracking(frm) {
	const fields = ["track_opens", "track_links"].filter((field) => frm.doc[field] == null);
	if (!frm.is_new() || !fields.length) return;
	frappe.db.get_doc("Email Campaign Settings").then((settings) => {
		for (const field of fields) frm.set_value(field, settings[field]);
	});
}

/** Ask from when on, and let the opens and clicks since then be judged by the rules as they are now. */
export function judge_again() {
	const since = { fieldtype: "Datetime", fieldname: "since", label: __("Opens and Clicks Since"), reqd: 1 };
	const go = (values) =>
		call("tracking.judge_again", values).then(() =>
			frappe.show_alert({ message: __("They are being judged in the background."), indicator: "blue" })
		);
	frappe.prompt(
		[{ ...since, default: frappe.datetime.add_months(frappe.datetime.now_datetime(), -1) }],
		go,
		__("Judge Opens and Clicks Again"),
		__("Judge Again")
	);
}
