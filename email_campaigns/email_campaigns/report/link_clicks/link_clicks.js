frappe.query_reports["Link Clicks"] = { filters: email_campaigns.report_filters() };
