frappe.ui.form.on("Campaign", {
	before_load: () => frappe.require("ec_campaign.bundle.js"),

	onload: (frm) => email_campaigns.campaign.default_tracking(frm),

	refresh(frm) {
		email_campaigns.campaign.show_campaign_results(frm);
		email_campaigns.campaign.show_drip_problem(frm);
		email_campaigns.campaign.show_schedule(frm);
		email_campaigns.campaign.show_authors(frm, "campaign_schedules");
		email_campaigns.campaign.show_copies(frm);
		email_campaigns.campaign.show_log(frm, { campaign: frm.doc.name });
		if (frm.is_new()) return;
		if (frappe.model.can_create("Mass Email"))
			frm.add_custom_button(__("New Mass Email"), () =>
				frappe.new_doc("Mass Email", { campaign: frm.doc.name })
			);
		if (frappe.model.can_create("Email Campaign") && (frm.doc.campaign_schedules || []).length)
			frm.add_custom_button(__("New Email Campaign"), () =>
				frappe.new_doc("Email Campaign", { campaign_name: frm.doc.name })
			);
		// As on ERPNext's own form.
		if (frappe.model.can_read("Lead")) frm.add_custom_button(__("View Leads"), () => view_leads(frm));
	},
});

function view_leads(frm) {
	frappe.model.with_doctype("Lead", () => {
		const by_utm = frappe.meta.has_field("Lead", "utm_campaign");
		const linked = by_utm ? { utm_campaign: frm.doc.campaign_name } : { campaign_name: frm.doc.name };
		frappe.set_route("List", "Lead", linked);
	});
}
