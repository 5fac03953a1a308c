frappe.ui.form.on("Campaign Mail Text", {
	refresh(frm) {
		const { name, campaign } = frm.doc;
		// By the campaign too, which has an index.
		frm.add_custom_button(__("Mails of This Text"), () =>
			frappe.set_route("List", "Campaign Message", { campaign, sent_text: name })
		);
	},
});
