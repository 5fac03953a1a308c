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
		const { status } = frm.doc;
		if (!UNFINISHED.includes(status)) {
			frm.set_read_only();
			frm.disable_save();
			return;
		}
		if (frappe.perm.has_perm(frm.doctype, 0, "write"))
			frm.add_custom_button(__("Stop…"), () => stop(frm));
	},
});

function stop(frm) {
	email_campaigns.ask_for_reason(
		__("Stop This Sequence"),
		__("It ends for good: what has not been sent will not be sent. The reason is saved with it."),
		__("Stop"),
		(reason) =>
			email_campaigns.call("drip.stop", { name: frm.doc.name, reason }).then(() => frm.reload_doc())
	);
}
