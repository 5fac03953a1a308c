from frappe.model.document import Document


class CampaignEmailSchedule(Document):
	"""A step of a drip sequence: a row of a Campaign."""
