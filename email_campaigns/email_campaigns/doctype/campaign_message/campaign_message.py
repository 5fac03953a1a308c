import frappe
from frappe.model.document import Document
from frappe.utils.html_utils import sanitize_html


class CampaignMessage(Document):
	"""A row of the ledger: one mail to one recipient, or a copy of one."""

	def onload(self):
		"""Make the reason safe for the form."""
		# SQL writes it, so it may quote a mail server or a user, and a form shows it as HTML.
		self.set("reason", sanitize_html(self.reason or ""))


def on_doctype_update():
	"""Add the unique key and the indexes of the ledger."""
	# A second mail to the same recipient is impossible in the database itself.
	frappe.db.add_unique("Campaign Message", ["source", "step", "dedupe_key"], "unique_recipient")
	# Only indexes that a query needs: each slows down every mail's way through the ledger.
	frappe.db.add_index("Campaign Message", ["source", "status", "send_after"])
	# For a campaign; the last columns find the due mails of its sequences' steps.
	frappe.db.add_index("Campaign Message", ["campaign", "status", "send_after"])
	frappe.db.add_index("Campaign Message", ["sent_epoch"])
	frappe.db.add_index("Campaign Message", ["lease_until"])
	# With the step: planning asks which steps an address has, who may have had a thousand mailings.
	frappe.db.add_index("Campaign Message", ["email", "step"])
	# What comes back may name nothing but the id of the server that took the mail.
	frappe.db.add_index("Campaign Message", ["provider_id"])
	frappe.db.add_index("Campaign Message", ["cc_of"])
	# Its columns are never written again, so it costs nothing while mails leave.
	frappe.db.add_index("Campaign Message", ["member", "source"])
	# Written once, with the row: a recipient who gets a mail again is one person in the results.
	frappe.db.add_index("Campaign Message", ["resend_of"])
	# A rename of any record updates its rows by both; without an index it would lock the whole ledger.
	# The doctype comes first, for Frappe 15 asks at each rename and deletion which doctypes there are.
	frappe.db.add_index("Campaign Message", ["recipient_doctype", "recipient_name"])
	frappe.db.add_index("Campaign Message", ["source_doctype"])
	frappe.db.add_index("Campaign Message", ["target_list"])
