frappe.query_reports["Unsubscribes"] = { filters: email_campaigns.report_filters() };
