from frappe.model.document import Document


class CampaignCCField(Document):
	pass
