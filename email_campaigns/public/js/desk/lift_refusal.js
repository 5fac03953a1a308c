import { call, escape, hide_dialog, number } from "./call";

/** Offer the button in the list of Suppressed Email: for the refusal of the checked entry, else for a chosen one. */
export function offer_lifting(list) {
	list.page.add_inner_button(__("Lift All of This Refusal…"), () => {
		const checked = list.get_checked_items().find(({ refusal }) => refusal);
		const done = () => list.refresh();
		if (checked) lift_refusal(checked.refusal, done);
		else choose_refusal(done);
	});
}

/** Show what a refusal has suppressed, and lift it; `done` is called after that. */
export function lift_refusal(key, done) {
	call("suppression.refusal", { key }, __("Looking…")).then((refusal) => {
		const dialog = new frappe.ui.Dialog({
			title: __("Lift All of This Refusal"),
			fields: [
				{ fieldtype: "HTML", fieldname: "explanation", options: explain(refusal) },
				{
					fieldtype: "MultiCheck",
					fieldname: "mailings",
					label: __("Mailings"),
					options: refusal.mailings.map(as_option),
					columns: 1,
				},
			],
			primary_action_label: __("Lift"),
			primary_action({ mailings }) {
				hide_dialog(dialog);
				const chosen = mailings.map((index) => refusal.mailings[index]);
				lift(key, chosen.length === refusal.mailings.length ? null : chosen, done);
			},
		});
		dialog.show();
	});
}

function explain({ count, first, last, words }) {
	const sentences = [
		__("One refusal has suppressed {0} addresses, the first {1}, the last {2}.", [
			number(count),
			frappe.datetime.str_to_user(first),
			frappe.datetime.str_to_user(last),
		]),
		__("The server said last:"),
	];
	const rest = [
		__("Lifted addresses get mail again. A person's own unsubscription holds."),
		__("The mails that bounced can then be sent again by Resend to Failed on the mailing."),
	];
	const paragraphs = (lines) => lines.map((line) => `<p>${line}</p>`).join("");
	return `${paragraphs(sentences)}<blockquote>${escape(words)}</blockquote>${paragraphs(rest)}`;
}

function as_option({ doctype, title, count }, index) {
	const kind = doctype ? `${__(doctype)} ${title}` : __("Mailings that no longer exist");
	return {
		label: __("{0}: {1} addresses", [escape(kind), number(count)]),
		value: String(index),
		checked: 1,
	};
}

function lift(key, chosen, done) {
	const names = chosen && { mailings: JSON.stringify(chosen.map(({ doctype, name }) => [doctype, name])) };
	call("suppression.lift_refusal", { key, ...names }, __("Lifting…")).then(({ count, in_background }) => {
		const message = in_background
			? __("{0} addresses are being lifted in the background.", [number(count)])
			: __("{0} addresses were lifted.", [number(count)]);
		frappe.show_alert({ message, indicator: "green" });
		done();
	});
}

function choose_refusal(done) {
	call("suppression.refusals", {}, __("Looking…")).then((refusals) => {
		if (!refusals.length) {
			frappe.show_alert({ message: __("No refusal has suppressed an address."), indicator: "orange" });
			return;
		}
		const dialog = new frappe.ui.Dialog({
			title: __("Lift All of This Refusal"),
			fields: [
				{
					fieldtype: "Select",
					fieldname: "refusal",
					label: __("Refusal"),
					options: refusals.map(({ refusal, count }) => ({
						value: refusal,
						label: __("{0}: {1} addresses", [refusal, number(count)]),
					})),
					reqd: 1,
				},
			],
			primary_action_label: __("Continue"),
			primary_action({ refusal }) {
				hide_dialog(dialog);
				lift_refusal(refusal, done);
			},
		});
		dialog.show();
	});
}
