import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime
from frappe.utils.html_utils import sanitize_html


class CampaignLog(Document):
	"""What happened to a mail, a line each; written by SQL in bulk."""

	def onload(self):
		"""Make the details safe for the form."""
		# SQL writes it, so it may quote a mail server or a user, and a form shows it as HTML.
		self.set("details", sanitize_html(self.details or ""))

	@staticmethod
	def clear_old_logs(days=365):
		"""Delete lines older than `days`, as Frappe's Log Settings ask."""
		frappe.db.delete("Campaign Log", {"creation": ("<", add_days(now_datetime(), -days))})


def on_doctype_update():
	"""Add the indexes of the table."""
	frappe.db.add_index("Campaign Log", ["source", "action"])
	frappe.db.add_index("Campaign Log", ["campaign", "action"])
	# Frappe 15 asks at each rename and deletion of any document which doctypes these columns name.
	frappe.db.add_index("Campaign Log", ["source_doctype"])
	frappe.db.add_index("Campaign Log", ["recipient_doctype", "recipient_name"])
	frappe.db.add_index("Campaign Log", ["email"])
	frappe.db.add_index("Campaign Log", ["message"])
	frappe.db.add_index("Campaign Log", ["creation"])
