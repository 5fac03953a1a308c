"""For tests of what was sent: a mail with fields of all kinds, and the server's own record as the judge."""

from __future__ import annotations

import frappe

from email_campaigns.delivery import recompose_store
from email_campaigns.tests.site.kits.builders import a_contact, a_list, add_records, change
from email_campaigns.tests.site.kits.sending_test import SendingTest

LIST = "Sending Sent"
HTML = (
	'<p>Dear {{ doc.first_name }}, <a href="https://shop.example/{{ doc.department|urlencode }}">yours</a>,'
	' <a href="https://shop.example/offer?a=1&amp;b=2">the offer</a> {{ doc.phone_nos[0].phone }}'
	' {{ format_date(doc.creation, "%d.%m.%y") }} {{ mass_email.title }} {{ campaign.name }}</p>'
	'<p style="color: red">{{ doc.department }}.</p><p><a href="{{ view_url }}">Browser</a></p>'
)


def readers(*emails: str, title: str = LIST, **values) -> list[str]:
	"""Put new contacts with a telephone on a list; return their names."""
	values = {"department": "Sales\n.East", **values, "phone_nos": [{"phone": "+32 2 123"}]}
	names = [a_contact(email, first_name="Zoë", **values) for email in emails]
	add_records(a_list(title=title), "Contact", *names)
	frappe.db.commit()
	return names


def change_templates(mailing: str) -> None:
	"""Write another text into every template of a mailing, as who uses them again does."""
	doc = frappe.get_doc("Mass Email", mailing)
	rows = [*doc.language_versions, *doc.ab_versions]
	for name in {doc.email_template, *(row.email_template for row in rows if row.email_template)}:
		change("Email Template", name, subject="Another", response_html="<p>Another {{ doc.last_name }}</p>")


class SentTextTest(SendingTest):
	def sent_rows(self, **filters) -> list:
		frappe.db.rollback()
		fields = ["name", "email", "status", "message_id", "sent_text", "date_epoch", "cc_of", "version"]
		return frappe.get_all("Campaign Message", filters, fields, order_by="name")

	def assertMadeAgain(self, **filters) -> list:
		"""Each mail can be made again as the server got it; return their rows."""
		received = {str(mail.parsed["Message-ID"]): mail.content for mail in self.server.messages}
		left = [row for row in self.sent_rows(**filters) if row.status in ("Sent", "Uncertain")]
		self.assertTrue(left)
		for row in left:
			self.assertEqual(recompose_store.recompose(row.name), received[f"<{row.message_id}>"], row)
		return left

	def forget_records(self, *names: str) -> None:
		"""Change the records of mails, and delete the last."""
		for name in names:
			change("Contact", name, first_name="Renamed", department="")
		frappe.db.delete("Contact Phone", {"parent": ["in", names]})
		frappe.db.delete("Contact", {"name": names[-1]})
		frappe.db.commit()
