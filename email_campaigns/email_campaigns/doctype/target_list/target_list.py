from frappe.model.document import Document

from email_campaigns.audience import store


class TargetList(Document):
	def on_trash(self):
		store.delete_members(self.name)
