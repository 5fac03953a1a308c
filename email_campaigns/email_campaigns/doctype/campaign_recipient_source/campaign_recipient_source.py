from frappe.model.document import Document


class CampaignRecipientSource(Document):
	pass
