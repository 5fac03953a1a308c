import frappe
from frappe.model.document import Document


class TargetListFeedMember(Document):
	pass


def on_doctype_update():
	frappe.db.add_unique("Target List Feed Member", ["feed", "member_key"], "unique_feed_member")
	# Whether another feed holds a member is asked for whoever leaves.
	frappe.db.add_index("Target List Feed Member", ["member_key"])
