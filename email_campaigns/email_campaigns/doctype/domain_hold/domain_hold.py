from frappe.model.document import Document


class DomainHold(Document):
	"""A domain of recipients whose provider blocks this site: what was counted, and how long mails wait."""
