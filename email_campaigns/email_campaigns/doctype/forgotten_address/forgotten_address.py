from frappe.model.document import Document


class ForgottenAddress(Document):
	pass
