import { call, chosen_records, hide_dialog, number, recipient_doctypes, which_field } from "../call";

const ATTEMPTS = 50; // to find a list view that Frappe is still making
const INTERVAL = 200; // milliseconds between two attempts
const offered = new WeakSet();

/** Offer “Add to Target List” in the list view of every doctype whose records can be recipients. */
export function offer_in_lists() {
	if (!frappe.router) return;
	frappe.router.on("change", () => {
		const [view, doctype] = frappe.get_route();
		if (view !== "List" || !["Target List", "Email Campaign"].some(frappe.model.can_create)) return;
		recipient_doctypes().then((doctypes) => doctypes.includes(doctype) && when_made(doctype, offer));
	});
}

function when_made(doctype, callback, attempts = ATTEMPTS) {
	const list = frappe.get_route()[1] === doctype && window.cur_list;
	if (list && list.doctype === doctype && list.page && list.get_checked_items) callback(list);
	else if (attempts) setTimeout(() => when_made(doctype, callback, attempts - 1), INTERVAL);
}

function offer(list) {
	if (offered.has(list)) return;
	offered.add(list);
	if (frappe.model.can_write("Target List"))
		add(list, __("Add to Target List"), __("Add All to Target List"), open);
	if (frappe.model.can_create("Email Campaign"))
		add(list, __("Enrol in Campaign"), __("Enrol All in Campaign"), ask_to_enrol);
}

function ask_to_enrol(list, names, all) {
	return frappe
		.require("ec_enrol.bundle.js")
		.then(() => email_campaigns.enrol.ask_to_enrol(list, names, all));
}

/** Add an action for the selected records, and one for all; `open_dialog` gets the list, the names and the total. */
function add(list, action, for_all, open_dialog) {
	const ask = (names) => count(list).then((all) => open_dialog(list, names, all));
	list.page.add_actions_menu_item(action, () => ask(list.get_checked_items(true)), false);
	list.page.add_menu_item(for_all, () => ask([]));
}

function count(list) {
	const args = { doctype: list.doctype, filters: JSON.stringify(list.get_filters_for_args()), fields: [] };
	return frappe.call({ method: "frappe.desk.reportview.get_count", args }).then((answer) => answer.message);
}

function open(list, names, all) {
	const dialog = new frappe.ui.Dialog({
		title: __("Add to Target List"),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "target_list",
				label: __("Target List"),
				options: "Target List",
				reqd: 1,
			},
			which_field(list, names, all),
		],
		primary_action_label: __("Add"),
		primary_action: ({ target_list, which }) =>
			join(list, target_list, chosen_records(list, names, which), dialog),
	});
	dialog.show();
}

function join(list, target_list, records, dialog) {
	const args = { target_list, doctype: list.doctype, ...records };
	call("members.add_members", args, __("Looking for records…")).then((joining) => {
		hide_dialog(dialog);
		list.clear_checked_items && list.clear_checked_items();
		const link = frappe.utils.get_form_link("Target List", target_list, true, __("Show the list"));
		const message = __("{0} records are joining in the background.", [number(joining)]);
		frappe.show_alert({ message: `${message} ${link}`, indicator: "green" }, 10);
	});
}
