from frappe.model.document import Document


class TargetListFeed(Document):
	"""A filter whose records a target list follows: a row of a Target List."""
