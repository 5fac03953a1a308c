frappe.ui.form.on("Tracking Link", {
	refresh(frm) {
		show_link_code(frm);
		frm.toggle_enable(["campaign", "show_message"], !frm.doc.is_automatic);
	},
	title: (frm) => show_link_code(frm),
});

/** Show the code that puts this link into a template, with a button that copies it. */
function show_link_code(frm) {
	const $area = frm.get_field("code_html").$wrapper.empty();
	if (frm.is_new() || frm.doc.is_automatic) return;
	const codes = [[`{trackingUrl:${frm.doc.name}}`, __("In any template")]];
	// Such a character in the title would end the string in the template.
	if (frm.doc.campaign && !/["\\{}]/.test(frm.doc.title))
		codes.push([
			`{{ tracking_url("${frm.doc.title}") }}`,
			__("In templates of {0}", [frappe.utils.escape_html(frm.doc.campaign)]),
		]);
	for (const [code, where] of codes) code_row(code, where).appendTo($area);
}

function code_row(code, where) {
	const $row = $(`<p class="ec-code">
		<code>${frappe.utils.escape_html(code)}</code>
		<button class="btn btn-xs btn-default ml-2">${__("Copy")}</button>
		<span class="text-muted ml-2">${where}</span></p>`);
	$row.find("button").on("click", () => frappe.utils.copy_to_clipboard(code));
	return $row;
}
