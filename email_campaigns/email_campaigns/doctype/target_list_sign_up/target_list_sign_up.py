import frappe
from frappe.model.document import Document


class TargetListSignUp(Document):
	"""A sign-up for a target list that waits for its confirmation (double opt-in)."""


def on_doctype_update():
	"""Add the unique key and the indexes of the table."""
	# Ten sign-ups of one address are one.
	frappe.db.add_unique("Target List Sign Up", ["target_list", "email_key"], "unique_sign_up")
	frappe.db.add_index("Target List Sign Up", ["email"])
	frappe.db.add_index("Target List Sign Up", ["asked_at"])
