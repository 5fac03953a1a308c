const MAY_HAVE_LEFT = ["Sent", "Sending", "Uncertain"];
const NEVER_LEFT = ["Failed", "Expired", "Cancelled", "Skipped"];

frappe.ui.form.on("Campaign Message", {
	before_load: () => frappe.require("ec_campaign_message.bundle.js"),

	refresh(frm) {
		if (MAY_HAVE_LEFT.includes(frm.doc.status))
			frm.add_custom_button(__("Show Mail…"), () =>
				email_campaigns.campaign_message.show_sent_mail(frm.doc.name)
			);
		if (frm.doc.source_doctype !== "Mass Email" || !frappe.model.can_write("Mass Email")) return;
		if (frm.doc.status === "Uncertain") {
			frm.add_custom_button(__("Arrived"), () => decide(frm, 1));
			frm.add_custom_button(__("Send Again"), () => decide(frm, 0));
		} else if ((frm.doc.status === "Sent" || NEVER_LEFT.includes(frm.doc.status)) && !frm.doc.cc_of)
			frm.add_custom_button(__("Resend"), () => resend(frm));
	},
});

function resend(frm) {
	// The reason for a refusal comes before any question.
	email_campaigns.call("resend.refusal", { message: frm.doc.name }).then((refusal) => {
		if (refusal)
			frappe.msgprint({
				title: __("The Mail Is Not Sent Again"),
				message: frappe.utils.escape_html(refusal),
			});
		else email_campaigns.resend(frm.doc.name, frm.doc.email, () => frm.reload_doc());
	});
}

function decide(frm, arrived) {
	const question = arrived
		? __("Did this mail arrive?")
		: __("Send this mail again, though it may have arrived?");
	frappe.confirm(question, () =>
		email_campaigns
			.call("resend.decide_uncertain", { name: frm.doc.source, arrived, messages: [frm.doc.name] })
			.then(() => frm.reload_doc())
	);
}
