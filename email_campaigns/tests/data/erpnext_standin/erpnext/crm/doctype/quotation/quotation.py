from frappe.model.document import Document


class Quotation(Document):
	pass
