const EDITABLE = ["Draft", "Pending"];
const UNFINISHED = ["Draft", "Pending Approval", "Pending", "In Process", "Paused"];
const LISTS = ["target_lists", "excluding_target_lists"];

frappe.ui.form.on("Mass Email", {
	before_load: () => frappe.require("ec_mass_email.bundle.js"),

	setup(frm) {
		frm.set_query("sender_account", () => ({ query: "email_campaigns.api.desk.choices.find_accounts" }));
		frm.set_query("approver", () => ({ query: "email_campaigns.api.desk.approval.find_approvers" }));
	},

	onload(frm) {
		// Not a default of the field: Frappe's forms take a default "Now" for the present time.
		if (frm.is_new() && !frm.doc.send_when) frm.doc.send_when = "Now";
		email_campaigns.mass_email.default_tracking(frm);
		// A mailing that is made from a campaign's dashboard has its campaign without the event.
		if (frm.is_new() && frm.doc.campaign && !LISTS.some((field) => (frm.doc[field] || []).length))
			frm.trigger("campaign");
	},

	campaign(frm) {
		if (!frm.is_new() || !frm.doc.campaign) return;
		frappe.db.get_doc("Campaign", frm.doc.campaign).then((campaign) => {
			for (const field of LISTS) {
				const rows = campaign[field].map(({ target_list }) => ({ target_list }));
				frm.set_value(field, rows);
			}
		});
	},

	time_zone: (frm) => email_campaigns.mass_email.plan_times(frm),

	refresh(frm) {
		if (!EDITABLE.includes(frm.doc.status)) {
			frm.set_read_only();
			frm.disable_save();
			frm.refresh_fields();
		} else frm.enable_save();
		email_campaigns.mass_email.plan_times(frm);
		email_campaigns.mass_email.watch_mailing(frm);
		email_campaigns.mass_email.show_authors(frm, "email_template");
		email_campaigns.mass_email.show_texts(frm);
		email_campaigns.mass_email.show_copies(frm);
		email_campaigns.mass_email.show_test(frm);
		email_campaigns.mass_email.show_results(frm);
		email_campaigns.mass_email.show_log(frm, { source: frm.doc.name });
		if (frm.is_new()) return;
		add_views(frm);
		email_campaigns.mass_email.add_after(frm);
		email_campaigns.mass_email.offer_lists(frm);
		if (frappe.perm.has_perm(frm.doctype, 0, "write")) add_steps(frm);
	},
});

frappe.ui.form.on("Campaign AB Version", {
	ab_versions_add: (frm) => email_campaigns.mass_email.name_versions(frm),
	ab_versions_remove: (frm) => email_campaigns.mass_email.name_versions(frm),
	ab_versions_move: (frm) => email_campaigns.mass_email.name_versions(frm),
});

function add_views(frm) {
	if (EDITABLE.includes(frm.doc.status))
		frm.add_custom_button(__("Calculate"), () => email_campaigns.mass_email.calculate(frm));
	frm.add_custom_button(__("Preview…"), () => email_campaigns.mass_email.preview(frm));
	if (frappe.perm.has_perm(frm.doctype, 0, "write"))
		frm.add_custom_button(__("Send Test…"), () => email_campaigns.mass_email.send_test(frm));
	for (const [label, doctype] of [
		[__("Ledger"), "Campaign Message"],
		[__("Log"), "Campaign Log"],
	])
		frm.add_custom_button(
			label,
			() => frappe.set_route("List", doctype, { source: frm.doc.name }),
			__("View")
		);
	email_campaigns.mass_email.offer_came_back(frm, __("View"));
}

/** Add the buttons for the next steps; the likeliest one stands out. */
function add_steps(frm) {
	const step = (label, action, type) => {
		frm.add_custom_button(label, action);
		if (type) frm.change_custom_button_type(label, null, type);
	};
	const { status } = frm.doc;
	email_campaigns.mass_email.add_approval_steps(frm, step, () => call(frm, "back_to_draft"));
	if (status === "In Process") step(__("Pause"), () => call(frm, "pause"), "primary");
	if (status === "Paused" && !(frm.doc.__onload || {}).approval_fault)
		step(__("Resume"), () => call(frm, "resume"), "primary");
	if (UNFINISHED.includes(status)) step(__("Cancel…"), () => cancel(frm));
}

function call(frm, method, args) {
	return email_campaigns
		.call(`mass_email.${method}`, { name: frm.doc.name, ...args })
		.then(() => frm.reload_doc());
}

function cancel(frm) {
	email_campaigns.ask_for_reason(
		__("Cancel This Mailing"),
		__(
			"It ends for good: what has not been sent will not be sent. The reason is saved with each of these mails."
		),
		__("Cancel the Mailing"),
		(reason) => call(frm, "cancel", { reason })
	);
}
