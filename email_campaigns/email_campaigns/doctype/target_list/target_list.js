frappe.ui.form.on("Target List", {
	refresh(frm) {
		email_campaigns.show_report(frm);
		email_campaigns.show_feeds(frm);
		email_campaigns.show_sign_up(frm);
		email_campaigns.watch_members(frm);
		if (frm.is_new()) return;
		frm.add_custom_button(__("Show Members"), () =>
			frappe.set_route("List", "Target List Member", { target_list: frm.doc.name })
		);
		frm.add_custom_button(__("Compare…"), () => email_campaigns.compare_lists(frm), __("Lists"));
		if (frappe.model.can_create(frm.doctype))
			frm.add_custom_button(__("Copy…"), () => email_campaigns.copy_list(frm), __("Lists"));
		if (!frappe.perm.has_perm(frm.doctype, 0, "write")) return;
		frm.add_custom_button(
			__("Merge Others into This…"),
			() => email_campaigns.merge_lists(frm),
			__("Lists")
		);
		const ways = [
			[__("From Records…"), email_campaigns.from_records],
			[__("Add One…"), email_campaigns.add_one],
			[__("Import CSV…"), email_campaigns.import_csv],
		];
		if (frappe.model.can_read("Email Group Member"))
			ways.push([__("Email Group…"), email_campaigns.from_email_group]);
		for (const [label, go] of ways) frm.add_custom_button(label, () => go(frm), __("Add Members"));
		frm.page.set_inner_btn_group_as_primary(__("Add Members"));
	},
});
