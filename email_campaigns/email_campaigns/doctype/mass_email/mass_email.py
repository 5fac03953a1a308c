import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.naming import make_autoname
from frappe.utils import cint, flt, get_datetime, get_fullname, get_system_timezone
from frappe.utils.html_utils import sanitize_html

from email_campaigns import lifecycle, names_store
from email_campaigns.delivery.copies import fields_store
from email_campaigns.delivery.mailing import authors_store, mailing
from email_campaigns.email_campaigns.doctype.campaign.campaign import check_lists
from email_campaigns.mass_mailing import approval_store
from email_campaigns.mass_mailing.ab_versions import LABELS
from email_campaigns.mass_mailing.freeze_store import new_holdout_seed
from email_campaigns.mass_mailing.prepare import ab_rules, plan_rules
from email_campaigns.message.mime.headers import HeaderError, header_text
from email_campaigns.schedule.clock import UnknownZone, to_epoch
from email_campaigns.site_time import database_epoch
from email_campaigns.translation import translate

VOIDED = ("status", "problem", "modified", *approval_store.NONE)
SERIES = "MASS-.YYYY.-.#####"
FIELDS_IN_HEADERS = ("from_name", "reply_to", "subject_prefix")


class MassEmail(Document):
	"""A mailing: what is sent to which lists, when and how fast; status_store alone changes its status."""

	def autoname(self):
		"""Give the mailing a number that no other ever had."""
		# Here and not in the definition, from which Frappe gives the last number again after a deletion.
		self.name = names_store.draw_name(self.doctype, lambda: make_autoname(SERIES, doc=self))

	def onload(self):
		"""Give the form the state of the approval, and make the texts of users safe for it."""
		user = frappe.session.user
		self.set_onload("approval_needed", approval_store.approval_needed())
		self.set_onload("may_approve", not approval_store.problem_with_approver(self, user))
		self.set_onload("authors", [get_fullname(name) for name in authors_store.mass_email_authors(self)[0]])
		self.set_onload("asked_for_it", user in (self.requested_by, self.owner))
		self.set_onload(
			"approval_fault", approval_store.approval_problem(self) if self.status == "Paused" else ""
		)
		# SQL writes them as a user typed them, and a form shows them as HTML.
		for field in ("cancel_reason", "rejection_reason"):
			self.set(field, sanitize_html(self.get(field) or ""))

	def before_validate(self):
		"""Raise ValidationError where somebody sets the status, instead of keeping it silently."""
		before = self.get_doc_before_save()
		if before and before.status in lifecycle.EDITABLE_MASS_EMAIL and self.status != before.status:
			frappe.throw(_("The status changes through Prepare, Pause, Resume and Cancel."))

	def validate(self):
		"""Check and complete the form. Raises ValidationError at the field that is wrong."""
		self._check_edit()
		self._keep_approval()
		self._note_editor()
		self._copy_lists_of_campaign()
		check_lists(self)
		self._check_headers()
		self._read_times()
		self._check_plan()
		fields_store.check_form(self)
		self.cc_summary = fields_store.summarise(self.cc_fields)
		self._check_test()
		self.holdout_seed = new_holdout_seed(self) if flt(self.holdout_percent) else ""

	def _check_edit(self):
		"""Only a Draft or Pending mailing can be edited."""
		before = self.get_doc_before_save()
		if before and before.status not in lifecycle.EDITABLE_MASS_EMAIL:
			frappe.throw(_("A mailing that is {0} can't be edited.").format(_(before.status)))

	def _keep_approval(self):
		"""The steps of an approval alone write who asked, approved and rejected, whatever a form sends."""
		before = self.get_doc_before_save()
		for field in approval_store.STEP_FIELDS:
			self.set(field, before.get(field) if before else None)
		if self.approver:
			approval_store.check_approver(self.approver, before.approver if before else "")

	def _note_editor(self):
		"""Whoever saves the form answers for what it sends, from then on."""
		self.edited_by = frappe.session.user
		if prepared := authors_store.stored_authors(self):
			self.set("rights_of", authors_store.authors_text([*prepared, self.edited_by]))

	def on_update(self):
		"""A Pending mailing that is no longer what was approved becomes a Draft, and its editor sees why."""
		if self.status != "Pending" or not (problem := approval_store.approval_problem(self)):
			return
		if approval_store.void_approval(self, problem):
			self.update(frappe.db.get_value("Mass Email", self.name, VOIDED, as_dict=True))
			frappe.msgprint(
				_("{0} It is a Draft again.").format(problem),
				title=_("The Approval Is Void"),
				indicator="orange",
			)

	def _copy_lists_of_campaign(self):
		if not self.campaign or not self.is_new():
			return
		campaign = frappe.get_doc("Campaign", self.campaign)
		for field in ("target_lists", "excluding_target_lists"):
			if not self.get(field):
				self.set(field, [{"target_list": row.target_list} for row in campaign.get(field)])

	def _check_headers(self):
		for field in FIELDS_IN_HEADERS:
			try:
				header_text(self.get(field) or "", _(self.meta.get_label(field)))
			except HeaderError as error:
				frappe.throw(translate(error))

	def _read_times(self):
		"""Turn the times of the form, those of a clock in the mailing's time zone, into Unix seconds."""
		zone = self.time_zone or get_system_timezone()
		for field, epoch in (("start_date", "start_epoch"), ("deadline", "deadline_epoch")):
			try:
				self.set(epoch, to_epoch(get_datetime(self.get(field)), zone) if self.get(field) else 0)
			except UnknownZone as error:
				frappe.throw(translate(error), title=_(self.meta.get_label("time_zone")))

		send_when = self.send_when or mailing.NOW
		if send_when == mailing.NOW and self.start_epoch and self._is_new_time("start_epoch"):
			send_when = mailing.LATER
		self.set("send_when", send_when)

	def _check_plan(self):
		for field, sentence in plan_rules.problems_with_plan(self._plan(), database_epoch()):
			frappe.throw(translate(sentence), title=_(self.meta.get_label(field)))

	def _check_test(self):
		"""Name the versions beside A in their order, and draw the seed that gives recipients theirs."""
		for label, row in zip(LABELS[1:], self.ab_versions, strict=False):
			row.label, row.subject = label, (row.subject or "").strip()
		for field, sentence in ab_rules.problems_with_ab_test(self._ab_plan()):
			frappe.throw(translate(sentence), title=_(self.meta.get_label(field)))
		before = self.get_doc_before_save()
		seed = (before and before.ab_seed) or frappe.generate_hash(length=16)
		self.ab_seed = seed if self.ab_versions else ""
		# A mailing that can still be edited has no winner, whatever a form sends.
		self.update(dict.fromkeys(("ab_winner", "ab_chosen_on", "ab_chosen_by", "ab_reason")))
		self.ab_due_epoch = 0

	def _ab_plan(self) -> ab_rules.ABPlan:
		return ab_rules.ABPlan(
			rows=[(row.subject or "", row.email_template or "") for row in self.ab_versions],
			template=self.email_template or "",
			percent=flt(self.ab_percent),
			winner_by=self.ab_winner_by or "",
			hours=cint(self.ab_hours),
			forced_language=self.forced_language if self.language_policy == mailing.ONE_LANGUAGE else "",
			start=self.start_epoch,
			deadline=self.deadline_epoch,
		)

	def _plan(self) -> plan_rules.MailingPlan:
		return plan_rules.MailingPlan(
			send_when=self.send_when,
			start=self.start_epoch,
			start_is_new=self._is_new_time("start_epoch"),
			deadline=self.deadline_epoch,
			deadline_is_new=self._is_new_time("deadline_epoch"),
			pace=self.pace,
			hourly_rate=cint(self.hourly_rate),
			spread_hours=cint(self.spread_hours),
			domain_rates=[(row.domain or "", cint(row.hourly_rate)) for row in self.domain_rates],
			holdout_percent=flt(self.holdout_percent),
			languages=[row.language for row in self.language_versions],
			forced_language=self.forced_language if self.language_policy == mailing.ONE_LANGUAGE else "",
		)

	def _is_new_time(self, field: str) -> bool:
		before = self.get_doc_before_save()
		return not before or cint(before.get(field)) != cint(self.get(field))

	def on_trash(self):
		"""Raise ValidationError where the mailing may still send something, or has sent something."""
		if self.status not in ("Draft", "Cancelled"):
			frappe.throw(
				_("A mailing that is {0} can't be deleted; its ledger and log belong to it.").format(
					_(self.status)
				)
			)
		names_store.check_deletable(
			self,
			_("Cancel it instead: a Cancelled mailing sends nothing, and a filter of the list hides it."),
		)
