import frappe
from frappe.model.document import Document


class TargetListFeedMember(Document):
	"""A member that a feed has put on its list."""


def on_doctype_update():
	"""Add the unique key and the index of the table."""
	frappe.db.add_unique("Target List Feed Member", ["feed", "member_key"], "unique_feed_member")
	# Of each member who leaves a feed it is asked whether another feed holds them.
	frappe.db.add_index("Target List Feed Member", ["member_key"])
