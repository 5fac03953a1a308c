from frappe.model.document import Document


class CRMContacts(Document):
	pass
