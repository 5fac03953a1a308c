import { call, escape, hide_dialog, number } from "./call";

/** Offer what a person may ask for about their own address. */
export function offer_privacy(list) {
	if (!["Campaign Manager", "System Manager"].some((role) => frappe.user.has_role(role))) return;
	list.page.add_inner_button(__("What We Know About an Address…"), () =>
		ask(__("What We Know About an Address"), __("Download"), download)
	);
	list.page.add_inner_button(__("Forget an Address…"), () =>
		ask(__("Forget an Address"), __("Forget"), confirm_forget, explanation())
	);
	list.page.add_inner_button(__("Allow a Forgotten Address…"), () =>
		ask(__("Allow a Forgotten Address"), __("Allow"), allow)
	);
}

function explanation() {
	return [
		__(
			"The person is removed from every list, from the ledger and from the log. The mails sent stay counted."
		),
		__("A keyed hash of the address stays, so that it is never mailed, imported or added again."),
		__(
			"Contacts, other records and uploaded files are yours to delete: the next message names the records that have the address."
		),
	];
}

function ask(title, label, submit, lines = []) {
	const dialog = new frappe.ui.Dialog({
		title,
		fields: [
			{
				fieldtype: "HTML",
				fieldname: "explanation",
				options: lines.map((line) => `<p>${line}</p>`).join(""),
			},
			{ fieldtype: "Data", fieldname: "email", label: __("Email"), reqd: 1 },
		],
		primary_action_label: label,
		primary_action: ({ email }) => submit(email, dialog),
	});
	dialog.show();
}

function download(email, dialog) {
	call("privacy.known_about", { email }, __("Looking…")).then((known) => {
		hide_dialog(dialog);
		const blob = new Blob([JSON.stringify(known, null, 2)], { type: "application/json" });
		const link = Object.assign(document.createElement("a"), {
			href: URL.createObjectURL(blob),
			download: `${known.address}.json`,
		});
		link.click();
		URL.revokeObjectURL(link.href);
	});
}

function confirm_forget(email, dialog) {
	frappe.warn(
		__("Forget {0}?", [escape(email)]),
		__("This can't be undone."),
		() => forget(email, dialog),
		__("Forget")
	);
}

function forget(email, dialog) {
	call("privacy.forget", { email }, __("Forgetting…")).then(({ members, mails, log, elsewhere }) => {
		hide_dialog(dialog);
		const links = elsewhere.map(
			({ doctype, name }) =>
				`<li>${__(doctype)}: ${frappe.utils.get_form_link(doctype, name, true)}</li>`
		);
		const outcome = __(
			"{0} members were removed. {1} mails and {2} entries of the log no longer name anybody.",
			[number(members), number(mails), number(log)]
		);
		const remaining = links.length
			? `<p>${__("These records still have the address:")}</p><ul>${links.join("")}</ul>`
			: "";
		frappe.msgprint({
			title: __("Forgotten"),
			message: `<p>${outcome}</p>${remaining}`,
			indicator: "green",
		});
		if (window.cur_list) window.cur_list.refresh();
	});
}

function allow(email, dialog) {
	call("privacy.allow_again", { email }, __("Looking…")).then((was_forgotten) => {
		if (was_forgotten) hide_dialog(dialog);
		frappe.show_alert({
			message: was_forgotten
				? __("The address may be mailed again.")
				: __("This address was not forgotten."),
			indicator: was_forgotten ? "green" : "orange",
		});
	});
}
