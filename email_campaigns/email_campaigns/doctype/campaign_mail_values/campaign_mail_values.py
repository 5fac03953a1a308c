from frappe.model.document import Document


class CampaignMailValues(Document):
	"""The fields that one mail shows, under its number in the ledger. They are personal data."""
