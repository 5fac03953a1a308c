"""Names that Frappe CRM uses. Pure data."""

APP = "crm"
LEAD, DEAL = "CRM Lead", "CRM Deal"
ACTIVITIES = "crm.api.activities.get_activities"
FORM_SCRIPT = "CRM Form Script"
# Its lists and forms of people.
DOCTYPES = (LEAD, DEAL, "Contact")
