from frappe.model.document import Document


class SuppressedEmail(Document):
	pass
