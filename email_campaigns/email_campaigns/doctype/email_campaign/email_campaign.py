import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.naming import set_name_from_naming_options
from frappe.utils.html_utils import sanitize_html

from email_campaigns import names_store
from email_campaigns.audience.sources_store import missing_doctypes
from email_campaigns.drip import enrolment_store
from email_campaigns.jobs import drip
from email_campaigns.schedule.drip import LOOK_NOW
from email_campaigns.site_time import database_epoch


class EmailCampaign(Document):
	"""An enrolment: one recipient in the drip sequence of a campaign."""

	def autoname(self):
		"""Give the enrolment a number that no other ever had."""
		self.name = names_store.draw_name(self.doctype, self._next_in_series)

	def _next_in_series(self) -> str:
		# The definition has ERPNext's series, which goes on if the campaigns are given back to it.
		set_name_from_naming_options(self.meta.autoname, self)
		return self.name

	def onload(self):
		"""Make the reason of the end safe for the form."""
		# SQL writes it, so it may quote a user, and a form shows it as HTML.
		self.set("ended_because", sanitize_html(self.ended_because or ""))
		self.set("held_because", sanitize_html(self.held_because or ""))
		if (self.get("held_epoch") or 0) <= database_epoch():
			self.update({"held_until": None, "held_because": ""})
		kind, recipient = self.get("email_campaign_for") or "", self.get("recipient")
		if missing_doctypes([kind]):
			# The framework would look for the titles of its records, and not open the form.
			self.set_onload("missing_record", f"{kind} {recipient}")
			self.update({"email_campaign_for": "", "recipient": ""})

	def validate(self):
		"""Raise ValidationError where the recipient can't be enrolled."""
		enrolment_store.check_enrolment(self)

	def on_update(self):
		"""Plan the first mail soon where one is due."""
		if self.next_epoch == LOOK_NOW and not self.flags.plans_later:
			drip.plan_soon()

	def on_trash(self):
		"""Raise ValidationError where the ledger has a step of the enrolment."""
		names_store.check_deletable(self, _("Stop the sequence instead."))


def on_doctype_update():
	"""Add the indexes of the table."""
	# The planner looks every few minutes for enrolments that are due.
	frappe.db.add_index("Email Campaign", ["status", "next_epoch"])
	frappe.db.add_index("Email Campaign", ["campaign_name", "status"])
	frappe.db.add_index("Email Campaign", ["recipient"])
	# Each list of them asks which doctypes there are.
	frappe.db.add_index("Email Campaign", ["email_campaign_for", "recipient"])
