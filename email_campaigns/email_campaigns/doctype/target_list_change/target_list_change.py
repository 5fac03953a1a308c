import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime


class TargetListChange(Document):
	@staticmethod
	def clear_old_logs(days=180):
		"""Called by Frappe's Log Settings."""
		frappe.db.delete("Target List Change", {"creation": ("<", add_days(now_datetime(), -days))})


def on_doctype_update():
	frappe.db.add_index("Target List Change", ["target_list", "creation"])
	frappe.db.add_index("Target List Change", ["email"])
	frappe.db.add_index("Target List Change", ["creation"])
