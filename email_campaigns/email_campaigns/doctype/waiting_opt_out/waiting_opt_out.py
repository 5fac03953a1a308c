import frappe
from frappe.model.document import Document


class WaitingOptOut(Document):
	"""An opt-out that could not be carried out when it came; `waiting_store` writes it."""


def on_doctype_update():
	"""Add the index of the table, by which a claim asks whose mails have to wait."""
	frappe.db.add_index("Waiting Opt Out", ["email"])
