import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.tracking import link_store
from email_campaigns.tracking.target import problem_with_url
from email_campaigns.translation import translate


class TrackingLink(Document):
	"""A link whose clicks are counted: it leads to a web page, or shows a message."""

	def validate(self):
		"""Raise ValidationError where the target or the title is wrong."""
		self._check_target()
		self._check_title()

	def _check_target(self):
		if self.show_message:
			problem = "" if (self.message or "").strip() else _("Write the message that is shown.")
			field = "message"
		else:
			self.set("url", (self.url or "").strip())
			problem, field = translate(problem_with_url(self.url)), "url"
		if problem:
			frappe.throw(problem, title=_(self.meta.get_label(field)))

	def _check_title(self):
		"""A template names a link by its title, so a title stands once in a campaign."""
		self.set("title", (self.title or "").strip())
		same = {
			"title": self.title,
			"campaign": self.campaign,
			"is_automatic": 0,
			"name": ("!=", self.name or ""),
		}
		if not self.is_automatic and self.campaign and frappe.db.exists("Tracking Link", same):
			frappe.throw(
				_("The campaign {0} has a tracking link with this title already.").format(self.campaign),
				title=_(self.meta.get_label("title")),
			)

	def on_trash(self):
		"""Raise ValidationError where mails have left that may have the link."""
		link_store.check_deletable(self)


def on_doctype_update():
	"""Add the indexes of the table."""
	frappe.db.add_index("Tracking Link", ["campaign", "title"])
	frappe.db.add_index("Tracking Link", ["source(20)"])
