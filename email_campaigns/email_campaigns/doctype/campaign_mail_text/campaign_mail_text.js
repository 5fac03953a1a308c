frappe.ui.form.on("Campaign Mail Text", {
	refresh(frm) {
		frm.add_custom_button(__("Mails of This Text"), () =>
			frappe.set_route("List", "Campaign Message", { sent_text: frm.doc.name })
		);
	},
});
