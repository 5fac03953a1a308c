const UNFINISHED = ["Scheduled", "In Progress"];

frappe.ui.form.on("Email Campaign", {
	before_load: () => frappe.require("ec_email_campaign.bundle.js"),

	setup(frm) {
		frm.set_query("campaign_name", () => ({ filters: { status: ["not in", ["Inactive", "Complete"]] } }));
	},

	onload(frm) {
		email_campaigns.email_campaign.offer_kinds(frm);
		const { missing_record } = frm.doc.__onload || {};
		if (missing_record) frm.set_intro(frappe.utils.escape_html(missing_record), "orange");
	},

	email_campaign_for(frm) {
		frm.set_value("recipient", "");
	},

	refresh(frm) {
		email_campaigns.email_campaign.show_drip_problem(frm, frm.doc.campaign_name);
		email_campaigns.email_campaign.show_steps(frm);
		email_campaigns.email_campaign.show_log(frm, { source: frm.doc.name });
		if (frm.is_new()) return;
		email_campaigns.email_campaign.offer_came_back(frm, __("View"));
		const { status } = frm.doc;
		if (!UNFINISHED.includes(status)) {
			frm.set_read_only();
			frm.disable_save();
			return;
		}
		if (frappe.perm.has_perm(frm.doctype, 0, "write"))
			frm.add_custom_button(__("Stop…"), () => stop(frm));
		if (frm.doc.held_until) show_hold(frm);
	},
});

/** Say that the sequence waits for the end of an absence, and offer to go on at once. */
function show_hold(frm) {
	const { name, held_until, held_because } = frm.doc;
	const until = frappe.datetime.str_to_user(held_until);
	const sentence = __("The steps wait until {0} and go on by themselves.", [until]);
	frm.set_intro(`${frappe.utils.escape_html(sentence)} ${held_because || ""}`, "blue");
	if (!frappe.perm.has_perm(frm.doctype, 0, "write")) return;
	frm.add_custom_button(__("Go On Now"), () =>
		email_campaigns.call("drip.go_on", { name }).then(() => frm.reload_doc())
	);
}

function stop(frm) {
	email_campaigns.ask_for_reason(
		__("Stop This Sequence"),
		__("It ends for good: what has not been sent will not be sent. The reason is saved with it."),
		__("Stop"),
		(reason) =>
			email_campaigns.call("drip.stop", { name: frm.doc.name, reason }).then(() => frm.reload_doc())
	);
}
