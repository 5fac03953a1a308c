frappe.ui.form.on("Target List Member", {
	setup(frm) {
		frm.set_query("member_doctype", () => ({ filters: { name: ["in", frm.ec_doctypes || []] } }));
		email_campaigns.call("records.recipient_doctypes").then((doctypes) => (frm.ec_doctypes = doctypes));
	},

	refresh(frm) {
		if (frm.is_new()) return;
		const names = JSON.stringify([frm.doc.name]);
		email_campaigns.call("target_list.member_states", { names }).then((states) => {
			const state = states[frm.doc.name];
			if (state) frm.dashboard.set_headline_alert(__("Gets no mail: {0}", [__(state)]), "orange");
		});
	},

	member_doctype(frm) {
		frm.set_value("member_name", "");
	},
});
