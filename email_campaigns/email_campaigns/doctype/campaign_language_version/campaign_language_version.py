from frappe.model.document import Document


class CampaignLanguageVersion(Document):
	"""A text for readers of one language: a row of a Mass Email."""
