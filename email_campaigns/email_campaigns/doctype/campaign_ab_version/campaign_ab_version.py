from frappe.model.document import Document


class CampaignABVersion(Document):
	"""A version beside A in an A/B test: a row of a Mass Email."""
