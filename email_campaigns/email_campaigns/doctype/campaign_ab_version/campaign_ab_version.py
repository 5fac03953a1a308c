from frappe.model.document import Document


class CampaignABVersion(Document):
	pass
