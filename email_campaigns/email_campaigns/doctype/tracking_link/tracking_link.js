frappe.ui.form.on("Tracking Link", {
	refresh(frm) {
		email_campaigns.show_link_code(frm);
		frm.toggle_enable(["campaign", "show_message"], !frm.doc.is_automatic);
	},
	title: (frm) => email_campaigns.show_link_code(frm),
});
