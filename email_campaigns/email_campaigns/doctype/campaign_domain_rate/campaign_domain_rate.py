from frappe.model.document import Document


class CampaignDomainRate(Document):
	"""A rate of mails an hour to a domain: a row of a form."""
