from frappe.model.document import Document


class CampaignCCChoice(Document):
	"""A CC field that a mailing or campaign uses: a row of its form."""
