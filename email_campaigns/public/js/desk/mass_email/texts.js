import { call, escape, number } from "../call";

/** Show how many mails were made of which text, where a text was changed after the first mails had left. */
export function show_texts(frm) {
	const $area = frm.get_field("texts_html").$wrapper.empty();
	if (frm.is_new() || !frm.doc.started_on) return;
	const { name } = frm.doc;
	call("sent_mail.texts", { name }).then((texts) => {
		if (texts.length && frm.doc.name === name) $area.html(table(texts));
	});
}

function table(texts) {
	return `<p class="text-muted mb-1">${__("The text was changed while the mailing was under way")}</p>
		<div class="table-responsive"><table class="table table-sm ec-texts">${texts.map(row).join("")}</table></div>`;
}

function row({ text, edition, subject, mails, first, last }) {
	const link = frappe.utils.get_form_link("Campaign Mail Text", text);
	const times = [first, last].filter(Boolean).map((time) => frappe.datetime.str_to_user(time));
	return `<tr><td><a href="${link}">${escape(subject)}</a></td><td>${escape(edition)}</td>
		<td class="text-muted">${[...new Set(times)].join(" – ")}</td>
		<td class="text-right">${number(mails)}</td></tr>`;
}
