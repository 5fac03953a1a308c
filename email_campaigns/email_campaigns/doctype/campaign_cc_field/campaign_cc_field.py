from frappe.model.document import Document


class CampaignCCField(Document):
	"""A CC field that the settings offer: a row of the settings."""
