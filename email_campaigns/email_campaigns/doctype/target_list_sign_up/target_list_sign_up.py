import frappe
from frappe.model.document import Document


class TargetListSignUp(Document):
	pass


def on_doctype_update():
	# Whoever asks ten times has asked once.
	frappe.db.add_unique("Target List Sign Up", ["target_list", "email_key"], "unique_sign_up")
	frappe.db.add_index("Target List Sign Up", ["email"])
	frappe.db.add_index("Target List Sign Up", ["asked_at"])
