import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, escape_html

from email_campaigns import bounds, processes_store
from email_campaigns.audience import known_sources_store
from email_campaigns.audience.address import InvalidAddress, normalise
from email_campaigns.delivery.copies import copies_store, fields_store
from email_campaigns.delivery.ledger import durability_store
from email_campaigns.inbound.webhooks import sources_store
from email_campaigns.mass_mailing.prepare.plan_rules import problems_with_domain_rates
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.store import token_ring
from email_campaigns.translation import translate


class EmailCampaignSettings(Document):
	"""The settings of the app; `settings.app_settings` reads them."""

	def onload(self):
		"""Let the form show what is wrong with the database's settings and with running processes, and offer
		known recipient sources."""
		problems = durability_store.read_durability_problems()
		self.set_onload("durability", [translate(problem) for problem in problems])
		self.set_onload("known_sources", known_sources_store.missing_sources(self))
		self.set_onload("owner_fields", known_sources_store.owner_fields())
		self.set_onload("old_code", processes_store.old_code_warnings())

	def validate(self):
		"""Raise ValidationError for numbers out of bounds, unusable rates, unknown fields and CC fields.

		So do providers whose calls could not be checked.
		"""
		self._check_numbers()
		self._check_domain_rates()
		self._check_bounce_sender()
		for row in self.recipient_sources:
			self._check_source(row)
		fields_store.check_offered(self.cc_fields)
		sources_store.check_sources(self)
		self.removed_sources = known_sources_store.removed_sources(self.get_doc_before_save(), self)

	def on_update(self):
		"""Skip the open copies of CC fields that have been switched off, and let webhooks follow."""
		before = self.get_doc_before_save()
		sources_store.follow_settings(before, self)
		copies_store.skip_disabled_fields(
			fields_store.newly_disabled(before.cc_fields if before else (), self.cc_fields)
		)

	def _check_numbers(self):
		for field in bounds.SETTINGS:
			value = cint(self.get(field))
			if value != bounds.clamp_setting(field, value):
				sentence = _("{0} must be from {1} to {2}.")
				frappe.throw(sentence.format(_(self.meta.get_label(field)), *bounds.SETTINGS[field]))

	def _check_domain_rates(self):
		rates = [(row.domain or "", cint(row.hourly_rate)) for row in self.domain_rates]
		for _field, sentence in problems_with_domain_rates(rates):
			frappe.throw(translate(sentence), title=_(self.meta.get_label("domain_rates")))

	def _check_bounce_sender(self):
		address = (self.get("bounce_sender") or "").strip()
		self.set("bounce_sender", address)
		if not address:
			return
		try:
			SignedAddresses(normalise(address), token_ring())
		except InvalidAddress as error:
			frappe.throw(translate(error))
		except ValueError:
			sentence = _("{0} is too long before the @-sign: a token of up to 47 characters is added there.")
			frappe.throw(sentence.format(frappe.bold(escape_html(address))))

	def _check_source(self, row):
		fields = {df.fieldname for df in frappe.get_meta(row.source_doctype).fields}
		fieldnames = (
			row.email_field,
			row.name_field,
			row.opt_out_field,
			row.language_field,
			row.time_zone_field,
		)
		for field in filter(None, fieldnames):
			if field not in fields:
				frappe.throw(
					_("Row {0}: {1} has no field named {2}.").format(
						row.idx, row.source_doctype, frappe.bold(field)
					)
				)
