from frappe.model.document import Document


class Lead(Document):
	pass
