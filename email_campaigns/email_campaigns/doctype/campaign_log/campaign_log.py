from frappe.model.document import Document


class CampaignLog(Document):
	pass
