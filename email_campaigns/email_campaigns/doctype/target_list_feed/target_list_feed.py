from frappe.model.document import Document


class TargetListFeed(Document):
	pass
