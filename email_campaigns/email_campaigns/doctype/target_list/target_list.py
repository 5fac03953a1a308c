from frappe.model.document import Document

from email_campaigns.audience.feeds import rows_store
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.signup import signup_store


class TargetList(Document):
	"""A list of recipients, with the feeds that keep it in step."""

	def validate(self):
		"""Raise ValidationError where the feeds or the sign-up form are wrong."""
		rows_store.check_feeds(self)
		signup_store.check_form(self)

	def on_update(self):
		"""Let the members of removed feeds stay, as if a person had added them."""
		rows_store.release_members(self)

	def on_trash(self):
		"""Delete the members of the list, and the records of its feeds."""
		rows_store.forget_feed_members(self.name)
		members_store.delete_members(self.name)
