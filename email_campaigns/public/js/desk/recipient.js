import { call, escape, recipient_doctypes } from "./call";
import { colour_of } from "./statuses";

let registered = false;

/** Offer “Campaign Mails…” in the form of every doctype whose records can be recipients. */
export function offer_in_forms() {
	if (!frappe.router) return;
	frappe.router.on("change", () => {
		const readable = ["Target List", "Campaign Message"].every((doctype) =>
			frappe.model.can_read(doctype)
		);
		if (registered || frappe.get_route()[0] !== "Form" || !readable) return;
		registered = true;
		recipient_doctypes().then(register);
	});
}

function register(doctypes) {
	for (const doctype of doctypes) frappe.ui.form.on(doctype, { refresh: offer });
	// The present form may have been shown before its event was registered.
	if (window.cur_frm && doctypes.includes(cur_frm.doctype)) offer(cur_frm);
}

function offer(frm) {
	if (!frm.is_new()) frm.page.add_menu_item(__("Campaign Mails…"), () => open(frm));
}

function open(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Campaign Mails"),
		size: "large",
		fields: [{ fieldtype: "HTML", fieldname: "mails" }],
	});
	dialog.show();
	show(dialog, frm);
}

function show(dialog, frm) {
	const $mails = dialog.fields_dict.mails.$wrapper.html(`<p class="text-muted">${__("Loading…")}</p>`);
	call("resend.mails_of", { doctype: frm.doctype, record: frm.doc.name }).then((mails) => {
		$mails.html(
			mails.length ? table(mails) : `<p class="text-muted">${__("No campaign mail so far.")}</p>`
		);
		$mails.find("[data-message]").on("click", function () {
			resend($(this).attr("data-message"), $(this).attr("data-email"), () => show(dialog, frm));
		});
	});
}

function table(mails) {
	return `<table class="table table-sm ec-mails">${mails.map(row).join("")}</table>`;
}

function row({ message, mailing, title, status, email, at, sentence, refusal }) {
	const button = refusal
		? `<span class="text-muted small">${escape(refusal)}</span>`
		: `<button type="button" class="btn btn-default btn-xs" data-message="${message}"
			data-email="${escape(email)}">${__("Resend")}</button>`;
	return `<tr>
		<td class="text-muted" style="white-space: nowrap">${frappe.datetime.str_to_user(at)}</td>
		<td><a href="${frappe.utils.get_form_link("Mass Email", mailing)}">${escape(title)}</a><br>
			<span class="small">${escape(sentence)}</span></td>
		<td><span class="indicator-pill ${colour_of("mail", status)}">${escape(__(status))}</span></td>
		<td class="text-right">${button}</td></tr>`;
}

/** Ask, then send one mail of the ledger again. */
export function resend(message, email, done) {
	frappe.confirm(__("Send the mail to {0} again?", [`<b>${escape(email)}</b>`]), () =>
		call("resend.resend", { message }, __("One moment…")).then(() => {
			frappe.show_alert({ message: __("It is on its way."), indicator: "green" });
			done();
		})
	);
}
