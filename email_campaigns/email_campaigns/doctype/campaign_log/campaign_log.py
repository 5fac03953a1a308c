import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime
from frappe.utils.html_utils import sanitize_html


class CampaignLog(Document):
	def onload(self):
		# Written by SQL, it may quote a mail server or a user, and a form shows it as HTML.
		self.details = sanitize_html(self.details or "")

	@staticmethod
	def clear_old_logs(days=365):
		"""Called by Frappe's Log Settings."""
		frappe.db.delete("Campaign Log", {"creation": ("<", add_days(now_datetime(), -days))})


def on_doctype_update():
	frappe.db.add_index("Campaign Log", ["source", "action"])
	frappe.db.add_index("Campaign Log", ["campaign", "action"])
	frappe.db.add_index("Campaign Log", ["recipient_name", "recipient_doctype"])
	frappe.db.add_index("Campaign Log", ["email"])
	frappe.db.add_index("Campaign Log", ["message"])
	frappe.db.add_index("Campaign Log", ["creation"])
