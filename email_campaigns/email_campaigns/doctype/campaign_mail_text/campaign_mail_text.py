from frappe.model.document import Document


class CampaignMailText(Document):
	"""A text as it was sent, named after its content; SQL writes it, and nothing changes it."""
