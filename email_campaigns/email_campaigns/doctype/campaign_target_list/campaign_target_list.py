from frappe.model.document import Document


class CampaignTargetList(Document):
	pass
