"""For tests of unsubscribing: one recipient of one mail, and the text and buttons of a page."""

import re
from html import unescape

import frappe
from frappe.tests.utils import FrappeTestCase

from email_campaigns.audience.suppression.suppression import SuppressionScope
from email_campaigns.tests.site.kits.visitor import (
	Visitor,
	forget,
	mass_email,
	sent_mail,
	target_list,
	unsubscribe_url,
)

JO = "jo@unsubscribe.example"
NEWS = 'Unsubscribe "News" & “more”'
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
LEFT_NEWS = SuppressionScope("", {NEWS: "Unsubscribed"})


class UnsubscribeTest(FrappeTestCase):
	def setUp(self):
		self.clean()
		self.addCleanup(self.clean)
		target_list(NEWS, JO)
		self.mailing = mass_email("Unsubscribe", NEWS)
		self.message = sent_mail(JO, source=self.mailing, on_list=NEWS)
		self.url = unsubscribe_url(self.message)
		frappe.db.commit()
		self.visitor = Visitor()

	def clean(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		forget("%@unsubscribe.example", "Unsubscribe%")

	def logged(self):
		fields = ["action", "details", "source_doctype", "source", "message", "verdict"]
		return frappe.get_all("Campaign Log", {"email": JO}, fields, order_by="name")

	def actions(self):
		return [row.action for row in self.logged()]

	def stamp(self, message=None):
		return frappe.db.get_value("Campaign Message", message or self.message, "opted_out_at")

	def press(self, action, visitor=None, url=None):
		return (visitor or self.visitor).post(url or self.url, {"action": action})


def text_of(answer):
	return unescape(
		re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<style>.*?</style>", "", answer.get_data(as_text=True)))
	)


def buttons_of(answer):
	return re.findall(r'name="action" value="(\w+)"', answer.get_data(as_text=True))
