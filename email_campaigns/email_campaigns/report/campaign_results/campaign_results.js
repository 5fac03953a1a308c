frappe.query_reports["Campaign Results"] = { filters: email_campaigns.report_filters() };
