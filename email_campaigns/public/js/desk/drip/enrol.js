import { call, chosen_records, escape, hide_dialog, number, which_field } from "../call";

/** Ask for a campaign and a start, and enrol the records of a list view. */
export function ask_to_enrol(list, names, all) {
	const dialog = new frappe.ui.Dialog({
		title: __("Enrol in Campaign"),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "campaign",
				label: __("Campaign"),
				options: "Campaign",
				reqd: 1,
				get_query: () => ({ filters: { status: ["not in", ["Inactive", "Complete"]] } }),
				description: __(
					"Each recipient gets the steps of its Campaign Schedule, counted from the start date."
				),
			},
			{
				fieldtype: "Date",
				fieldname: "start_date",
				label: __("Start Date"),
				reqd: 1,
				default: frappe.datetime.get_today(),
			},
			which_field(list, names, all),
		],
		primary_action_label: __("Enrol"),
		primary_action: ({ which, ...values }) =>
			enrol(list, { ...values, ...chosen_records(list, names, which) }, dialog),
	});
	dialog.show();
}

function enrol(list, values, dialog) {
	call("drip.enrol", { doctype: list.doctype, ...values }, __("Enrolling…")).then((outcome) => {
		hide_dialog(dialog);
		list.clear_checked_items && list.clear_checked_items();
		show_outcome(outcome, values.campaign);
	});
}

function show_outcome({ enrolled, left_out, queued }, campaign) {
	const link = `<a href="/app/email-campaign?${escape(new URLSearchParams({ campaign_name: campaign }))}">${__("Show the Email Campaigns")}</a>`;
	if (queued) {
		const message = __("{0} records are being enrolled in the background. You get a notification.", [
			number(queued),
		]);
		frappe.show_alert({ message: `${message} ${link}`, indicator: "blue" }, 10);
		return;
	}
	const reasons = Object.entries(left_out).map(
		([reason, count]) => `<li>${number(count)}: ${escape(__(reason))}</li>`
	);
	const message = `<p>${__("{0} recipients were enrolled.", [number(enrolled)])} ${link}</p>`;
	if (!reasons.length) frappe.show_alert({ message, indicator: "green" }, 10);
	else
		frappe.msgprint({
			title: __("Enrolled"),
			message: `${message}<p>${__("Left out:")}</p><ul>${reasons.join("")}</ul>`,
			indicator: enrolled ? "orange" : "red",
		});
}
