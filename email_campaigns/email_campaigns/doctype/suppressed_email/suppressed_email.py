import frappe
from frappe import _
from frappe.model.document import Document

from email_campaigns.audience.address import InvalidAddress, normalise_known
from email_campaigns.audience.sources_store import OPT_OUT_ORIGIN
from email_campaigns.audience.suppression import forgotten_store, mirror_store, suppression_store
from email_campaigns.audience.suppression.suppression import (
	BOUNCES,
	HARD_BOUNCE,
	PERSONS_WISH,
	SOFT_BOUNCE,
	record_name,
)
from email_campaigns.delivery.smtp.refusal_key import key_of_reason
from email_campaigns.schedule.drip import DAY
from email_campaigns.settings import setting_number
from email_campaigns.site_time import database_epoch, site_time
from email_campaigns.translation import translate


def _is_of_a_record(origin: str) -> bool:
	"""Tell whether the database takes an origin for that of a record's opt-out field."""
	values = (origin, f"{OPT_OUT_ORIGIN}%")
	return bool(
		frappe.db.sql("SELECT CONVERT(%s USING utf8mb4) COLLATE utf8mb4_unicode_ci LIKE %s", values)[0][0]
	)


class SuppressedEmail(Document):
	"""An address that gets no mail, of one target list or of all, and the reason."""

	def before_insert(self):
		"""Raise ValidationError for an invalid, a forgotten or an already suppressed address."""
		try:
			self.set("email", normalise_known(self.email).lower())
		except InvalidAddress as error:
			frappe.throw(translate(error), frappe.InvalidEmailAddressError)
		forgotten_store.check_not_forgotten(self.email)
		if reason := frappe.db.get_value(
			self.doctype, record_name(self.email, self.target_list or ""), "reason"
		):
			frappe.throw(
				_("{0} is suppressed already, with the reason {1}.").format(self.email, _(reason)),
				frappe.DuplicateEntryError,
			)

	def autoname(self):
		"""Name the entry by its address and list, so that there is one for each."""
		self.name = record_name(self.email, self.target_list or "")

	def validate(self):
		"""Raise ValidationError where somebody writes an origin with which a job may lift the entry again.

		A hard bounce whose origin quotes a server's reply is lifted with the others of that refusal.
		"""
		before = self.get_doc_before_save()
		if self.origin != (before.origin if before else None) and _is_of_a_record(self.origin or ""):
			frappe.throw(
				_("“{0}…” is written by the opt-out field of a record alone.").format(OPT_OUT_ORIGIN)
			)
		if not before and self.reason == HARD_BOUNCE:
			self.refusal = key_of_reason(self.origin or "")
		self._set_end()

	def _set_end(self):
		"""Let soft bounces end by themselves, and nothing else."""
		if self.reason != SOFT_BOUNCE:
			self.update({"expires_on": None, "expires_epoch": 0})
		elif not self.get("expires_epoch"):
			expires = database_epoch() + setting_number("soft_suppression_days") * DAY
			self.update({"expires_on": site_time(expires), "expires_epoch": expires})

	def on_update(self):
		"""Mirror a person's wish to Frappe's Email Unsubscribe."""
		if self.reason in PERSONS_WISH and not self.target_list:
			mirror_store.mirror_wish(self.email)

	def on_trash(self):
		"""Lift the mirrored wish with an entry for all lists."""
		if self.reason not in BOUNCES and not self.target_list:
			mirror_store.lift_wish(self.email)

	def after_delete(self):
		"""Keep a person's wish that a deleted bounce has hidden."""
		if self.reason in BOUNCES and not self.target_list:
			suppression_store.keep_hidden_wish(self.email)
