"""Names that ERPNext 15 and 16 use. Pure data."""

APP = "erpnext"
MODULE = "CRM"
# A child table comes before the doctype that refers to it.
DOCTYPES = ("Campaign Email Schedule", "Campaign", "Email Campaign")
KINDS = ("Lead", "Contact", "Email Group")  # recipients of its Email Campaign
# Its scheduler_events that send campaign mails and set the status of Email Campaigns, once a day.
JOBS = (
	"erpnext.crm.doctype.email_campaign.email_campaign.send_email_to_leads_or_contacts",
	"erpnext.crm.doctype.email_campaign.email_campaign.set_email_campaign_status",
)
