import frappe
from frappe.model.document import Document


class CRMFormScript(Document):
	def validate(self):
		"""Of a standard script only `enabled` can be changed, as in Frappe CRM."""
		if frappe.flags.in_install or self.is_new() or not self.is_standard or frappe.conf.developer_mode:
			return
		if not self.has_value_changed("enabled"):
			frappe.throw("You need to be in developer mode to edit a Standard Form Script")
