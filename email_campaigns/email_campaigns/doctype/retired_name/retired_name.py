from frappe.model.document import Document


class RetiredName(Document):
	"""The name of a deleted document, which is never given again; kept as a hash of doctype and name."""
