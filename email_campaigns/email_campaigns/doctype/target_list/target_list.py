from frappe.model.document import Document

from email_campaigns.audience.feeds import rows_store
from email_campaigns.audience.lists import members_store, merge_store
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

	def before_rename(self, old, new, merge=False):
		"""Let the members of a list that is merged into another be its members."""
		if merge:
			merge_store.merge_list(old, new)

	def on_trash(self):
		"""Delete the members of the list, and the records of its feeds.

		Raises ValidationError where something was sent to the list, or is to be sent.
		"""
		merge_store.check_deletable(self.name)
		rows_store.forget_feed_members(self.name)
		members_store.delete_members(self.name)
