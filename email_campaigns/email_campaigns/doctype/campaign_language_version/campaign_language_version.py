from frappe.model.document import Document


class CampaignLanguageVersion(Document):
	pass
