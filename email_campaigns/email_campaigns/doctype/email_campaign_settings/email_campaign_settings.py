from frappe.model.document import Document


class EmailCampaignSettings(Document):
	pass
