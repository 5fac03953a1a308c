import { call } from "./call";
import { show_mail } from "./show_mail";

/** Show a mail of the ledger as it was sent. */
export function show_sent_mail(message) {
	return call("sent_mail.show", { message }, __("Loading…")).then((mail) => {
		const dialog = new frappe.ui.Dialog({
			title: mail.as_sent ? __("As It Was Sent") : __("From the Present Template"),
			size: "extra-large",
			fields: [{ fieldtype: "HTML", fieldname: "mail" }],
		});
		dialog.show();
		show_mail(dialog, mail);
	});
}
