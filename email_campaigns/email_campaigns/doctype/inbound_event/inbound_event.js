frappe.ui.form.on("Inbound Event", {
	before_load: () => frappe.require("ec_inbound_event.bundle.js"),
	refresh: (frm) => email_campaigns.inbound_event.offer_decisions(frm),
});
