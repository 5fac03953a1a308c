from frappe.model.document import Document


class CampaignDomainRate(Document):
	pass
