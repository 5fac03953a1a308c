import { version_fields } from "./ab_versions";
import { as_choices, call, hide_dialog, recipient_doctypes, saved } from "../call";
import { show_mail } from "../show_mail";

const MEMBER = "Target List Member";

/** Show the mail as a chosen recipient would get it. */
export function preview(frm) {
	return open(frm, {
		title: __("Preview"),
		size: "extra-large",
		fields: [{ fieldtype: "HTML", fieldname: "mail" }],
		on_recipient(dialog) {
			const recipient = chosen(dialog);
			if (!recipient) return;
			call("preview.preview", { name: frm.doc.name, ...recipient }).then(
				(mail) => show_mail(dialog, mail),
				() => dialog.fields_dict.mail.$wrapper.empty()
			);
		},
	});
}

/** Send the mail as a chosen recipient would get it to addresses, by default the user's own. */
export function send_test(frm) {
	return open(frm, {
		title: __("Send Test"),
		fields: [
			{
				fieldtype: "Small Text",
				fieldname: "addresses",
				label: __("Send To"),
				reqd: 1,
				default: frappe.session.user_email,
				description: __(
					"Addresses, separated by commas or lines. The subject gets the prefix [TEST]."
				),
			},
		],
		primary_action_label: __("Send Test"),
		primary_action(dialog, { addresses }) {
			const args = { name: frm.doc.name, addresses, ...chosen(dialog) };
			call("preview.send_test", args, __("Sending…")).then((sent) => {
				hide_dialog(dialog);
				frappe.show_alert({ message: __("Test mails sent: {0}", [sent]), indicator: "green" });
				frm.reload_doc();
			});
		},
	});
}

/** Open a dialog that begins with the choice of a recipient: a member of the lists, or any record. */
function open(frm, { fields, on_recipient, primary_action, ...options }) {
	return saved(frm)
		.then(recipient_doctypes)
		.then((doctypes) => {
			const changed = () => on_recipient && on_recipient(dialog);
			const dialog = new frappe.ui.Dialog({
				...options,
				fields: [
					...recipient_fields(frm, doctypes, changed),
					...version_fields(frm, changed),
					...fields,
				],
				primary_action: primary_action && ((values) => primary_action(dialog, values)),
			});
			dialog.show();
			changed();
		});
}

function recipient_fields(frm, doctypes, changed) {
	return [
		{
			fieldtype: "Select",
			fieldname: "doctype",
			label: __("As It Goes To"),
			options: [{ value: MEMBER, label: __("A member of the lists") }, ...as_choices(doctypes)],
			default: MEMBER,
			change() {
				cur_dialog.set_value("record", "");
			},
		},
		{ fieldtype: "Column Break" },
		{
			fieldtype: "Dynamic Link",
			fieldname: "record",
			label: __("Recipient"),
			description: __("Left empty: the first member of the lists whom you may read"),
			get_options: () => cur_dialog.get_value("doctype"),
			get_query: () =>
				cur_dialog.get_value("doctype") === MEMBER
					? {
							query: "email_campaigns.api.desk.preview.find_members",
							filters: { mass_email: frm.doc.name },
						}
					: {},
			only_select: 1,
			// Frappe 16 would look for a member by its number, and the query finds addresses and names.
			ignore_link_validation: 1,
			change: changed,
		},
		{ fieldtype: "Section Break" },
	];
}

/** The recipient as arguments for the server; null while a doctype has been chosen but no record yet. */
function chosen(dialog) {
	// While Frappe looks up the title of a record, only `value` has the name.
	const [doctype, record] = [dialog.get_value("doctype"), dialog.fields_dict.record.value];
	const version = dialog.get_value("version") || "";
	return record ? { doctype, record, version } : doctype === MEMBER ? { version } : null;
}
