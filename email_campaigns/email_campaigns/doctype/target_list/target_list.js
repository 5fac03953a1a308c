frappe.ui.form.on("Target List", {
	before_load: () => frappe.require("ec_target_list.bundle.js"),

	refresh(frm) {
		email_campaigns.target_list.show_report(frm);
		email_campaigns.target_list.show_feeds(frm);
		email_campaigns.target_list.show_sign_up(frm);
		email_campaigns.target_list.watch_members(frm);
		if (frm.is_new()) return;
		frm.add_custom_button(__("Show Members"), () =>
			frappe.set_route("List", "Target List Member", { target_list: frm.doc.name })
		);
		frm.add_custom_button(
			__("Compare…"),
			() => email_campaigns.target_list.compare_lists(frm),
			__("Lists")
		);
		if (frappe.model.can_create(frm.doctype))
			frm.add_custom_button(__("Copy…"), () => email_campaigns.target_list.copy_list(frm), __("Lists"));
		if (!frappe.perm.has_perm(frm.doctype, 0, "write")) return;
		frm.add_custom_button(
			__("Merge Others into This…"),
			() => email_campaigns.target_list.merge_lists(frm),
			__("Lists")
		);
		const ways = [
			[__("From Records…"), email_campaigns.target_list.from_records],
			[__("Add One…"), email_campaigns.target_list.add_one],
			[__("Import CSV…"), email_campaigns.target_list.import_csv],
		];
		if (frappe.model.can_read("Email Group Member"))
			ways.push([__("Email Group…"), email_campaigns.target_list.from_email_group]);
		for (const [label, go] of ways) frm.add_custom_button(label, () => go(frm), __("Add Members"));
		frm.page.set_inner_btn_group_as_primary(__("Add Members"));
	},
});
