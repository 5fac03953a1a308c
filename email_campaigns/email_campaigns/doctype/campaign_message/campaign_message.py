import frappe
from frappe.model.document import Document
from frappe.utils.html_utils import sanitize_html


class CampaignMessage(Document):
	def onload(self):
		# Written by SQL, it may quote a mail server or a user, and a form shows it as HTML.
		self.reason = sanitize_html(self.reason or "")


def on_doctype_update():
	# A second mail to the same recipient is impossible in the database itself.
	frappe.db.add_unique("Campaign Message", ["source", "step", "dedupe_key"], "unique_recipient")
	# No index more than is looked up by: each costs a part of every mail's way through the ledger.
	frappe.db.add_index("Campaign Message", ["source", "status", "send_after"])
	# Of a campaign; its last columns find what is due of the steps of its sequences.
	frappe.db.add_index("Campaign Message", ["campaign", "status", "send_after"])
	frappe.db.add_index("Campaign Message", ["sent_epoch"])
	frappe.db.add_index("Campaign Message", ["lease_until"])
	frappe.db.add_index("Campaign Message", ["email"])
	frappe.db.add_index("Campaign Message", ["cc_of"])
	# Never written again, so that it costs nothing while mails leave.
	frappe.db.add_index("Campaign Message", ["member", "source"])
	# Written once, when the row is made: whoever gets a mail again is one person in the results.
	frappe.db.add_index("Campaign Message", ["resend_of"])
