from frappe.model.document import Document


class MassEmail(Document):
	pass
