app_name = "erpnext"
app_title = "ERPNext"
app_publisher = "The email_campaigns contributors"
app_description = "Stands in for ERPNext in tests"
app_email = "hello@email-campaigns.example"
app_license = "MIT"

_CAMPAIGNS = "erpnext.crm.doctype.email_campaign.email_campaign"

doc_events = {"Email Unsubscribe": {"after_insert": f"{_CAMPAIGNS}.unsubscribe_recipient"}}
scheduler_events = {
	"daily": [f"{_CAMPAIGNS}.send_email_to_leads_or_contacts", f"{_CAMPAIGNS}.set_email_campaign_status"],
}
