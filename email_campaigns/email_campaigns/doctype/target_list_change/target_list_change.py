import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime


class TargetListChange(Document):
	"""A line of the history of a target list."""

	@staticmethod
	def clear_old_logs(days=180):
		"""Delete lines older than `days`, as Frappe's Log Settings ask."""
		frappe.db.delete("Target List Change", {"creation": ("<", add_days(now_datetime(), -days))})


def on_doctype_update():
	"""Add the indexes of the table."""
	frappe.db.add_index("Target List Change", ["target_list", "creation"])
	frappe.db.add_index("Target List Change", ["email"])
	frappe.db.add_index("Target List Change", ["creation"])
	# A rename of any record updates the rows with both values.
	frappe.db.add_index("Target List Change", ["member_doctype", "member_name"])
