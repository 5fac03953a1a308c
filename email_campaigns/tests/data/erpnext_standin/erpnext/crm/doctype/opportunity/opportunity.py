from frappe.model.document import Document


class Opportunity(Document):
	pass
