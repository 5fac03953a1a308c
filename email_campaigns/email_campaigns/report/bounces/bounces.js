frappe.query_reports["Bounces"] = { filters: email_campaigns.report_filters() };
