from frappe.model.document import Document

from email_campaigns.delivery import enrolment_store


class EmailCampaign(Document):
	def validate(self):
		enrolment_store.check(self)
