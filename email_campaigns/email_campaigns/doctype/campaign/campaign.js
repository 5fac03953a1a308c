frappe.ui.form.on("Campaign", {
	refresh(frm) {
		email_campaigns.show_campaign_results(frm);
		email_campaigns.show_log(frm, { campaign: frm.doc.name });
		if (frm.is_new()) return;
		if (frappe.model.can_create("Mass Email"))
			frm.add_custom_button(__("New Mass Email"), () =>
				frappe.new_doc("Mass Email", { campaign: frm.doc.name })
			);
	},
});
