frappe.ui.form.on("Target List Member", {
	setup(frm) {
		frm.set_query("member_doctype", () => ({ filters: { name: ["in", frm.ec_doctypes || []] } }));
		email_campaigns.call("recipient_doctypes").then((doctypes) => (frm.ec_doctypes = doctypes));
	},

	member_doctype(frm) {
		frm.set_value("member_name", "");
	},
});
