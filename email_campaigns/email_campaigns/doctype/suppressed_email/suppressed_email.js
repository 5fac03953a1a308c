frappe.ui.form.on("Suppressed Email", {
	before_load: () => frappe.require("ec_suppressed_email.bundle.js"),

	refresh(frm) {
		if (frm.doc.refusal && frm.doc.reason === "Hard Bounce" && frappe.model.can_delete(frm.doctype))
			frm.add_custom_button(__("Lift All of This Refusal…"), () =>
				email_campaigns.suppressed_email.lift_refusal(frm.doc.refusal, () =>
					frappe.set_route("List", frm.doctype)
				)
			);
	},
});
