frappe.listview_settings["Email Campaign"] = {
	hide_name_column: true,
	onload: () =>
		frappe
			.require("ec_email_campaign.bundle.js")
			.then(() => email_campaigns.email_campaign.offer_kinds()),
	get_indicator: ({ status }) => [
		__(status),
		email_campaigns.colour_of("enrolment", status),
		`status,=,${status}`,
	],
};
