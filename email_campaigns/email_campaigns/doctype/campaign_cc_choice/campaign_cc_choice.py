from frappe.model.document import Document


class CampaignCCChoice(Document):
	pass
