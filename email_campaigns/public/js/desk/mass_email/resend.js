import { as_choices, call, escape, hide_dialog, number, recipient_doctypes } from "../call";

const STARTED = ["In Process", "Paused", "Complete", "Failed"];
const group = () => __("Recipients");

/** Add the buttons for a mailing that has been sent: explain, and send again. */
export function add_after(frm) {
	frm.add_custom_button(__("Why…"), () => ask_why(frm), group());
	if (!frappe.perm.has_perm(frm.doctype, 0, "write") || !STARTED.includes(frm.doc.status)) return;
	if (frm.doc.failed_count)
		frm.add_custom_button(__("Resend to Failed…"), () => with_figures(frm, resend_failed), group());
	if (frm.doc.frozen)
		frm.add_custom_button(__("Resend to Missing…"), () => with_figures(frm, resend_missing), group());
	if (frm.doc.uncertain_count)
		frm.add_custom_button(__("Decide Uncertain…"), () => with_figures(frm, decide_uncertain), group());
}

function with_figures(frm, ask) {
	return call("resend.figures", { name: frm.doc.name }, __("Counting mails…")).then((figures) =>
		ask(frm, figures)
	);
}

function resend_failed(frm, { failed }) {
	const question = __(
		"{0} mails have failed. Send them again, except to addresses that must not get mail any more?",
		[bold(failed)]
	);
	frappe.confirm(question, () =>
		change(frm, "resend_failed").then(({ queued, left_out }) => show_outcome(queued, left_out))
	);
}

function resend_missing(frm, { joined, left_out }) {
	if (!joined && !left_out) return frappe.msgprint(__("Nobody is missing."));
	const question = __(
		"{0} members have joined the lists since, and {1} got nothing for a reason that may no longer hold. Send the mailing to those of them who may get it?",
		[bold(joined), bold(left_out)]
	);
	frappe.confirm(question, () =>
		change(frm, "resend_missing").then(() =>
			frappe.show_alert({
				message: __("The job that sends to them runs in the background."),
				indicator: "blue",
			})
		)
	);
}

function decide_uncertain(frm, { uncertain }) {
	if (!uncertain) return frm.reload_doc();
	decide(
		__("Nobody knows whether {0} mails arrived. What do you want to do with them?", [bold(uncertain)]),
		(arrived) => change(frm, "decide_uncertain", { arrived })
	);
}

/** Ask what to do with uncertain mails, then call `submit` with 1 for “arrived” or 0 for “send again”. */
export function decide(question, submit) {
	const dialog = new frappe.ui.Dialog({
		title: __("Uncertain Mails"),
		fields: [{ fieldtype: "HTML", fieldname: "question", options: `<p>${question}</p>` }],
		primary_action_label: __("They Arrived"),
		primary_action: () => close(1),
		secondary_action_label: __("Send Again"),
		secondary_action: () => close(0),
	});
	const close = (arrived) => {
		hide_dialog(dialog);
		submit(arrived).then(({ decided, left_out }) => show_outcome(decided, left_out));
	};
	dialog.show();
}

function change(frm, method, args) {
	const request = call(`resend.${method}`, { name: frm.doc.name, ...args }, __("One moment…"));
	return request.then((answer) => frm.reload_doc().then(() => answer));
}

function show_outcome(mails, left_out = {}) {
	const reasons = Object.entries(left_out).map(
		([reason, n]) => `<tr><td>${escape(__(reason))}</td><td class="text-right">${number(n)}</td></tr>`
	);
	const message = __("Mails: {0}", [bold(mails)]);
	if (!reasons.length) return frappe.show_alert({ message, indicator: "green" });
	const table = `<p>${__("Left out:")}</p><table class="table table-sm">${reasons.join("")}</table>`;
	frappe.msgprint({ title: __("Sent Again"), message: `<p>${message}</p>${table}` });
}

function ask_why(frm) {
	recipient_doctypes().then((doctypes) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Why Did They (Not) Get It?"),
			fields: [
				{ fieldtype: "Data", fieldname: "who", label: __("Email Address") },
				{ fieldtype: "Section Break", label: __("Or a Record") },
				{
					fieldtype: "Select",
					fieldname: "doctype",
					label: __("Type"),
					options: ["", ...as_choices(doctypes)],
					change: () => dialog.set_value("record", ""),
				},
				{ fieldtype: "Column Break" },
				{
					fieldtype: "Dynamic Link",
					fieldname: "record",
					label: __("Record"),
					get_options: () => dialog.get_value("doctype"),
					only_select: 1,
				},
				{ fieldtype: "Section Break" },
				{ fieldtype: "HTML", fieldname: "answer" },
			],
			primary_action_label: __("Why?"),
			primary_action: (values) =>
				call("resend.why", { name: frm.doc.name, ...values }, __("Looking it up…")).then(
					(sentences) =>
						dialog.fields_dict.answer.$wrapper.html(
							`<ul class="ec-why mb-0">${sentences.map((sentence) => `<li>${escape(sentence)}</li>`).join("")}</ul>`
						)
				),
		});
		dialog.show();
	});
}

function bold(value) {
	return `<b>${number(value)}</b>`;
}
