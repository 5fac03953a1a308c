import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.naming import set_name_by_naming_series
from frappe.utils import get_fullname

from email_campaigns import names_store
from email_campaigns.delivery.copies import fields_store
from email_campaigns.delivery.mailing import authors_store
from email_campaigns.drip import enrolment_store, hints_store, schedule_store
from email_campaigns.erpnext import utm_store
from email_campaigns.tracking import link_store


class Campaign(Document):
	"""A campaign, to which mailings and the steps of a drip sequence belong."""

	def autoname(self):
		"""Name the campaign by its title, or by the naming series where ERPNext is set so."""
		# ERPNext's setting and rule; other sites do not have it.
		if frappe.defaults.get_global_default("campaign_naming_by") == "Naming Series":
			self.name = names_store.draw_name(self.doctype, self._next_in_series)
		else:
			self.name = self.campaign_name

	def _next_in_series(self) -> str:
		set_name_by_naming_series(self)
		return self.name

	def onload(self):
		"""Give the form hints on its steps, and the names of those whose rights they are sent with."""
		self.set_onload("step_hints", hints_store.read_hints(self))
		self.set_onload("authors", [get_fullname(user) for user in authors_store.campaign_authors(self)])

	def validate(self):
		"""Raise ValidationError where dates, lists, schedule or CC fields contradict each other."""
		if self.start_date and self.end_date and self.end_date < self.start_date:
			frappe.throw(_("The End Date lies before the Start Date."))
		check_lists(self)
		schedule_store.check_schedule(self)
		fields_store.check_form(self)
		self.drip_problem, self.drip_problem_step = "", 0
		self.edited_by = frappe.session.user
		if self.is_new():
			self.link_key = frappe.generate_hash(length=10)

	def on_update(self):
		"""Let the enrolments follow a changed schedule."""
		enrolment_store.follow_schedule(self)

	def on_change(self):
		"""Mirror the campaign to ERPNext's UTM Campaign."""
		utm_store.mirror_campaign(self)

	def before_rename(self, old, new, merge=False):
		"""Raise ValidationError where a campaign with enrolments would get the steps of another."""
		if merge:
			enrolment_store.check_merge(old, new)
		elif not self.link_key:
			# A campaign of ERPNext's: its links have been named after its name so far.
			self.db_set("link_key", old, update_modified=False)

	def on_trash(self):
		"""Raise ValidationError where something was sent, or is to be sent, in the campaign's name."""
		names_store.check_deletable(
			self, _("Set its status to Inactive instead: then nothing is sent in its name any more.")
		)

	def after_rename(self, old, new, merge=False):
		"""Let the title, the links and the UTM Campaign follow the new name."""
		link_store.follow_renamed_campaign(old, new)
		if self.campaign_name == old and not merge:
			# Before the rest: what follows would make another UTM Campaign of the new name.
			utm_store.follow_rename(old, new)
			self.db_set("campaign_name", new, update_modified=False)


def check_lists(doc) -> None:
	"""Raise ValidationError where a Campaign or Mass Email includes and excludes the same list."""
	both = {row.target_list for row in doc.target_lists} & {
		row.target_list for row in doc.excluding_target_lists
	}
	if both:
		frappe.throw(
			_("{0} can't be a target list and an excluding list at the same time.").format(
				", ".join(sorted(both))
			)
		)
