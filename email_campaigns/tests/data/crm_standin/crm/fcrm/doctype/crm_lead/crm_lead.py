from frappe.model.document import Document


class CRMLead(Document):
	pass
