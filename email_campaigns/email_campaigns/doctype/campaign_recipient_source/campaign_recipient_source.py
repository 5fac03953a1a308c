from frappe.model.document import Document


class CampaignRecipientSource(Document):
	"""A doctype whose records may be recipients: a row of the settings."""
