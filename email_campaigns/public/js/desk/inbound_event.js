import { call } from "./call";

const OFFERED = ["Reply", "Departed", "Automatic Answer"];

/** Offer what a person may decide about an answer. */
export function offer_decisions(frm) {
	const { kind, message, email, asks_to_leave, name } = frm.doc;
	if (!message || !email || !OFFERED.includes(kind) || !frappe.model.can_create("Suppressed Email")) return;
	const act = (method, done) => () =>
		call(`inbound.${method}`, { event: name }).then(() => {
			frappe.show_alert({ message: done, indicator: "green" });
			frm.reload_doc();
		});
	if (kind === "Departed")
		return frm.add_custom_button(
			__("Suppress the Address"),
			act("suppress_address", __("The address gets no campaign mail any more."))
		);
	const label = __("Unsubscribe Them");
	frm.add_custom_button(label, act("unsubscribe", __("They were unsubscribed.")));
	if (asks_to_leave) {
		frm.change_custom_button_type(label, null, "primary");
		frm.set_intro(__("These words ask for no more mail. One click unsubscribes the person."), "orange");
	}
}
