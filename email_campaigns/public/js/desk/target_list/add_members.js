import { as_choices, call, escape, hide_dialog, number, recipient_doctypes } from "../call";
import { watch_members } from "./import_members";

/** Add all records of a doctype that match a filter; their number is shown while the filter is made. */
export function from_records(frm) {
	return recipient_doctypes().then((doctypes) => {
		if (!doctypes.length) return no_sources();
		const dialog = new frappe.ui.Dialog({
			title: __("Add Members from Records"),
			size: "large",
			fields: [
				{
					fieldtype: "Select",
					fieldname: "doctype",
					label: __("Record Type"),
					options: as_choices(doctypes),
					default: doctypes[0],
					change: () => filter_for(dialog),
				},
				{ fieldtype: "HTML", fieldname: "filter_area", label: __("Filters") },
			],
			primary_action_label: __("Add"),
			primary_action({ doctype }) {
				const filters = filters_of(dialog);
				add(frm, { doctype, filters }, dialog);
			},
		});
		dialog.show();
		filter_for(dialog);
	});
}

/** Add the members of an Email Group. */
export function from_email_group(frm) {
	const doctype = "Email Group Member";
	const dialog = new frappe.ui.Dialog({
		title: __("Add the Members of an Email Group"),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "email_group",
				label: __("Email Group"),
				options: "Email Group",
				reqd: 1,
				only_select: 1,
			},
		],
		primary_action_label: __("Add"),
		primary_action({ email_group }) {
			add(
				frm,
				{ doctype, filters: JSON.stringify([[doctype, "email_group", "=", email_group]]) },
				dialog
			);
		},
	});
	dialog.show();
}

/** Add single members, one after another: a record, or a plain address. */
export function add_one(frm) {
	return recipient_doctypes().then((doctypes) => {
		const plain = { value: "", label: __("A plain address") };
		const is_plain = "eval:!doc.member_doctype";
		const dialog = new frappe.ui.Dialog({
			title: __("Add One Member"),
			fields: [
				{
					fieldtype: "Select",
					fieldname: "member_doctype",
					label: __("Who"),
					options: [plain, ...as_choices(doctypes)],
					change: () => dialog.set_value("member_name", ""),
				},
				{
					fieldtype: "Dynamic Link",
					fieldname: "member_name",
					label: __("Record"),
					get_options: () => dialog.get_value("member_doctype"),
					depends_on: "member_doctype",
					mandatory_depends_on: "member_doctype",
				},
				{
					fieldtype: "Data",
					fieldname: "email",
					label: __("Email"),
					depends_on: is_plain,
					mandatory_depends_on: is_plain,
				},
				{ fieldtype: "Data", fieldname: "first_name", label: __("First Name"), depends_on: is_plain },
				{ fieldtype: "Data", fieldname: "last_name", label: __("Last Name"), depends_on: is_plain },
			],
			primary_action_label: __("Add"),
			primary_action(values) {
				const doc = { doctype: "Target List Member", target_list: frm.doc.name, ...values };
				frappe.call({ method: "frappe.client.insert", args: { doc } }).then(({ message: member }) => {
					const message = __("{0} joined.", [escape(member.member_name || member.email)]);
					frappe.show_alert({ message, indicator: "green" });
					for (const field of ["member_name", "email", "first_name", "last_name"])
						dialog.set_value(field, "");
					frm.reload_doc();
				});
			},
		});
		dialog.show();
	});
}

function add(frm, args, dialog) {
	return call(
		"members.add_members",
		{ target_list: frm.doc.name, ...args },
		__("Looking for records…")
	).then(() => {
		hide_dialog(dialog);
		watch_members(frm);
	});
}

/** Make the filter area of the dialog for the doctype that is chosen in it. */
function filter_for(dialog) {
	const doctype = dialog.get_value("doctype");
	const $area = dialog.fields_dict.filter_area.$wrapper.empty();
	// Until the new filters are there, the button would add the records of the former ones.
	dialog.get_primary_btn().prop("disabled", true);
	frappe.model.with_doctype(doctype, () => {
		if (doctype !== dialog.get_value("doctype")) return;
		dialog.filter_group = new frappe.ui.FilterGroup({
			parent: $area,
			doctype,
			on_change: frappe.utils.debounce(() => count(dialog), 300),
		});
		count(dialog);
	});
}

function count(dialog) {
	const doctype = dialog.get_value("doctype");
	const args = { doctype, filters: filters_of(dialog), fields: [] };
	frappe.call({ method: "frappe.desk.reportview.get_count", args }).then(({ message }) => {
		if (doctype !== dialog.get_value("doctype")) return;
		dialog
			.get_primary_btn()
			.text(__("Add {0} Records", [number(message)]))
			.prop("disabled", !message);
	});
}

/** The filters that have a value; a new row has none yet. */
function filters_of(dialog) {
	const filled = ([, , , value]) => value !== "" && value !== null && value !== undefined;
	return JSON.stringify(dialog.filter_group.get_filters().filter(filled));
}

function no_sources() {
	frappe.msgprint(__("You may read none of the recipient sources in the Email Campaign Settings."));
}
