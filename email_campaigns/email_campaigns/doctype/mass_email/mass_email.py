import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns import lifecycle
from email_campaigns.email_campaigns.doctype.campaign.campaign import refuse_contradiction
from email_campaigns.message.headers import HeaderError, header_text

FIELDS_IN_HEADERS = ("from_name", "reply_to")


class MassEmail(Document):
	def validate(self):
		self._refuse_late_edit()
		self._take_lists_of_campaign()
		refuse_contradiction(self)
		self._check_headers()

	def _refuse_late_edit(self):
		"""Only a Draft or Pending mailing can be edited, and its status only moves through its buttons."""
		before = self.get_doc_before_save()
		if not before:
			self.status = "Draft"
			return
		if before.status not in lifecycle.EDITABLE_MASS_EMAIL:
			frappe.throw(_("A mailing that is {0} can't be edited.").format(_(before.status)))
		if self.status != before.status:
			frappe.throw(_("The status changes through Schedule, Pause, Resume and Cancel."))

	def _take_lists_of_campaign(self):
		if not self.campaign or not self.is_new():
			return
		campaign = frappe.get_doc("Campaign", self.campaign)
		for field in ("target_lists", "excluding_target_lists"):
			if not self.get(field):
				self.set(field, [{"target_list": row.target_list} for row in campaign.get(field)])

	def _check_headers(self):
		for field in FIELDS_IN_HEADERS:
			try:
				header_text(self.get(field) or "", _(self.meta.get_label(field)))
			except HeaderError as error:
				frappe.throw(str(error))

	def on_trash(self):
		if self.status not in ("Draft", "Cancelled"):
			frappe.throw(
				_("A mailing that is {0} can't be deleted; its ledger and log belong to it.").format(
					_(self.status)
				)
			)
