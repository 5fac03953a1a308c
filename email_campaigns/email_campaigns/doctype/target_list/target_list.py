from frappe.model.document import Document

from email_campaigns.audience.feeds import rows_store
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.signup import signup_store


class TargetList(Document):
	"""A list of recipients, with the feeds that keep it in step."""

	def validate(self):
		rows_store.check_feeds(self)
		signup_store.check_form(self)

	def on_update(self):
		rows_store.release_members(self)

	def on_trash(self):
		rows_store.forget_feed_members(self.name)
		members_store.delete_members(self.name)
