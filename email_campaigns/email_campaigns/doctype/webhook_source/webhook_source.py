from frappe.model.document import Document


class WebhookSource(Document):
	"""A provider that may report what became of mails: a row of the settings."""
