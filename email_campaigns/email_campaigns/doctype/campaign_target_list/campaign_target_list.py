from frappe.model.document import Document


class CampaignTargetList(Document):
	"""A target list, included or excluded: a row of a form."""
