from frappe.model.document import Document

from email_campaigns.audience import feed_rows_store, signup_store, store


class TargetList(Document):
	def validate(self):
		feed_rows_store.check(self)
		signup_store.check(self)

	def on_update(self):
		feed_rows_store.let_go(self)

	def on_trash(self):
		feed_rows_store.forget(self.name)
		store.delete_members(self.name)
