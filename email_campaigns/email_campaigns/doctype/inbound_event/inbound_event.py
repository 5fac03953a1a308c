import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime
from frappe.utils.html_utils import sanitize_html

RAW_DAYS = 30  # for which the raw mail of a judged event can be looked at
JUDGED = ("Done", "Unproven", "Put Aside")


class InboundEvent(Document):
	"""A mail or a provider's event that came back; written by SQL."""

	def onload(self):
		"""Make what strangers wrote safe for the form, which shows some of it as HTML."""
		for field in ("text", "reason", "subject", "sender"):
			self.set(field, sanitize_html(self.get(field) or ""))

	@staticmethod
	def clear_old_logs(days=365):
		"""Delete events older than `days`, as Frappe's Log Settings ask, and the raw mails of judged ones."""
		now = now_datetime()
		old = {"creation": ("<", add_days(now, -days)), "status": ("in", JUDGED)}
		frappe.db.delete("Inbound Event", old)
		frappe.db.sql(
			"""UPDATE `tabInbound Event` SET raw = ''
			WHERE status IN %s AND raw != '' AND creation < %s""",
			(JUDGED, add_days(now, -RAW_DAYS)),
		)


def on_doctype_update():
	"""Add the unique key and the indexes of the table."""
	# The same mail comes again where an account fetches all, where it is in two folders, or after a crash.
	frappe.db.add_unique("Inbound Event", ["digest"], "unique_digest")
	frappe.db.add_index("Inbound Event", ["status", "next_epoch"])
	frappe.db.add_index("Inbound Event", ["source", "creation"])
	frappe.db.add_index("Inbound Event", ["message"])
	frappe.db.add_index("Inbound Event", ["email"])
	frappe.db.add_index("Inbound Event", ["sender"])
	frappe.db.add_index("Inbound Event", ["recipient_doctype", "recipient_name"])
	frappe.db.add_index("Inbound Event", ["creation"])
	# The answers and bounces of one mailing, on its form.
	frappe.db.add_index("Inbound Event", ["mailing", "kind"])
	frappe.db.add_index("Inbound Event", ["mailing_doctype"])
