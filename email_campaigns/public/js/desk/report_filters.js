/** The filters that all reports of results have. */
export function report_filters() {
	return [
		{ fieldname: "from_date", label: __("From"), fieldtype: "Date" },
		{ fieldname: "to_date", label: __("To"), fieldtype: "Date" },
		{ fieldname: "campaign", label: __("Campaign"), fieldtype: "Link", options: "Campaign" },
		{ fieldname: "mass_email", label: __("Mass Email"), fieldtype: "Link", options: "Mass Email" },
	];
}
