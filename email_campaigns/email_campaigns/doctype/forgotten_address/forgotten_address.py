from frappe.model.document import Document


class ForgottenAddress(Document):
	"""The hash of an address whose owner asked to be forgotten."""
