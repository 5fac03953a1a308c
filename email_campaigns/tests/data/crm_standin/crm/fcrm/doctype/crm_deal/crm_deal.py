from frappe.model.document import Document


class CRMDeal(Document):
	def validate(self):
		"""The address is that of the primary contact, as in Frappe CRM."""
		self.email = next((row.email for row in self.contacts if row.is_primary), "")
