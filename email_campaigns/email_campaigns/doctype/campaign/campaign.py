import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.naming import set_name_by_naming_series

from email_campaigns.delivery.copies import fields_store
from email_campaigns.drip import enrolment_store, schedule_store
from email_campaigns.erpnext import utm_store


class Campaign(Document):
	"""A campaign, to which mailings and the steps of a drip sequence belong."""

	def autoname(self):
		"""Name the campaign by its title, or by the naming series where ERPNext is set so."""
		# ERPNext's setting and rule; other sites do not have it.
		if frappe.defaults.get_global_default("campaign_naming_by") == "Naming Series":
			set_name_by_naming_series(self)
		else:
			self.name = self.campaign_name

	def validate(self):
		"""Raise ValidationError where dates, lists, schedule or CC fields contradict each other."""
		if self.start_date and self.end_date and self.end_date < self.start_date:
			frappe.throw(_("The End Date lies before the Start Date."))
		check_lists(self)
		schedule_store.check_schedule(self)
		fields_store.check_form(self)
		self.drip_problem, self.drip_problem_step = "", 0

	def on_update(self):
		"""Let the enrolments follow a changed schedule."""
		enrolment_store.follow_schedule(self)

	def on_change(self):
		"""Mirror the campaign to ERPNext's UTM Campaign."""
		utm_store.mirror_campaign(self)

	def after_rename(self, old, new, merge=False):
		"""Let the title and the UTM Campaign follow the new name."""
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
