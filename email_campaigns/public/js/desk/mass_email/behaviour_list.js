import { escape, hide_dialog, number } from "../call";

const API = "email_campaigns.api.desk.results";
const WITH_RESULTS = ["In Process", "Paused", "Complete", "Cancelled", "Failed"];
const LINK = "clicked_link";
// People who unsubscribed must not be mailed, so there is no list of them.
const behaviours = () => ({
	opened: __("Opened"),
	opened_not_clicked: __("Opened but Not Clicked"),
	not_opened: __("Not Opened"),
	clicked: __("Clicked"),
	[LINK]: __("Clicked a Link"),
	replied: __("Replied"),
	bounced: __("Bounced"),
	failed: __("Failed"),
});

/** Offer to make a target list from the behaviour of a mailing's recipients. */
export function offer_lists(frm) {
	if (!WITH_RESULTS.includes(frm.doc.status) || !frappe.model.can_write("Target List")) return;
	for (const [behaviour, label] of Object.entries(behaviours())) {
		if (behaviour === LINK && !frappe.model.can_read("Tracking Link")) continue;
		frm.add_custom_button(`${label}…`, () => start(frm, behaviour), __("Make a Target List from"));
	}
}

function start(frm, behaviour) {
	if (behaviour !== LINK) return ask(frm, behaviour, []);
	return frappe.xcall(`${API}.details`, { name: frm.doc.name }, "GET").then(({ links }) => {
		if (links.length) return ask(frm, behaviour, links);
		frappe.msgprint(__("Nobody has clicked a tracked link yet."));
	});
}

function ask(frm, behaviour, links) {
	const label = behaviours()[behaviour];
	const dialog = new frappe.ui.Dialog({
		title: __("Make a Target List from: {0}", [label]),
		fields: [...link_field(links, () => count(frm, behaviour, dialog)), ...list_fields(frm, label)],
		primary_action_label: __("Add"),
		primary_action: (values) => add(frm, behaviour, values, dialog),
	});
	dialog.show();
	count(frm, behaviour, dialog);
}

function link_field(links, change) {
	if (!links.length) return [];
	const options = links.map(({ link, title, people }) => ({
		value: String(link),
		label: `${title} (${number(people)})`,
	}));
	return [
		{
			fieldtype: "Select",
			fieldname: "link",
			label: __("Link"),
			options,
			default: options[0].value,
			reqd: 1,
			change,
		},
	];
}

function list_fields(frm, label) {
	const may_create = frappe.model.can_create("Target List");
	return [
		{
			fieldtype: "Check",
			fieldname: "is_new",
			label: __("A new list"),
			default: may_create ? 1 : 0,
			hidden: !may_create,
		},
		{
			fieldtype: "Data",
			fieldname: "title",
			label: __("Title"),
			default: `${frm.doc.title}: ${label}`.slice(0, 140),
			depends_on: "is_new",
			mandatory_depends_on: "is_new",
		},
		{
			fieldtype: "Link",
			fieldname: "target_list",
			label: __("Target List"),
			options: "Target List",
			depends_on: "eval:!doc.is_new",
			mandatory_depends_on: "eval:!doc.is_new",
		},
	];
}

function count(frm, behaviour, dialog) {
	const link = dialog.get_value("link") || "";
	frappe.xcall(`${API}.count_behaviour`, { name: frm.doc.name, behaviour, link }, "GET").then((people) =>
		dialog
			.get_primary_btn()
			.text(people === 1 ? __("Add One Person") : __("Add {0} People", [number(people)]))
			.prop("disabled", !people)
	);
}

function add(frm, behaviour, { link, is_new, title, target_list }, dialog) {
	const args = { name: frm.doc.name, behaviour, link: link || "", is_new: is_new ? 1 : 0 };
	frappe.xcall(`${API}.make_list`, { ...args, target_list: is_new ? title : target_list }).then((list) => {
		hide_dialog(dialog);
		const form_link = frappe.utils.get_form_link("Target List", list, true, escape(list));
		const message = __("They are being added to {0} in the background.", [form_link]);
		frappe.show_alert({ message, indicator: "green" }, 10);
	});
}
