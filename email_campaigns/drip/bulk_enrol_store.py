"""Bulk enrolment: many records at once, each on its own; those that can't be enrolled are counted by
reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape

import frappe
from frappe import _
from frappe.utils import strip_html

from email_campaigns.lifecycle import EMAIL_CAMPAIGN
from email_campaigns.notify import notify_users


class BulkEnrolment:
	"""Enrols records of `doctype` in a campaign; counts them in `enrolled` and `left_out`, {reason: number}.

	`start_date` is a date of the site's clock; `sender` is a User, by default the session's.
	"""

	def __init__(self, campaign: str, doctype: str, start_date: str, sender: str = ""):
		self.values = {"campaign_name": campaign, "email_campaign_for": doctype, "start_date": start_date}
		if sender:
			self.values["sender"] = sender
		self.enrolled = 0
		self.left_out: Counter[str] = Counter()

	def add(self, names: Iterable[str]) -> None:
		"""Enrol some records, in the transaction of the caller."""
		for name in names:
			if reason := self._enrol(name):
				self.left_out[reason] += 1
			else:
				self.enrolled += 1

	def _enrol(self, name: str) -> str:
		messages = len(frappe.local.message_log)
		try:
			doc = frappe.get_doc({"doctype": EMAIL_CAMPAIGN, "recipient": name, **self.values})
			doc.flags.plans_later = True  # the caller plans once for all of them
			doc.insert()
		except (frappe.ValidationError, frappe.PermissionError) as error:
			# The record was refused before anything was written.
			return self._general_reason(strip_html(str(error)), name)
		finally:
			del frappe.local.message_log[messages:]
		return ""

	def _general_reason(self, sentence: str, name: str) -> str:
		"""Return a reason without the record's name, so that records with the same reason are counted
		together."""
		return sentence.replace(f" '{name}'", "").replace(f" {name}", "").strip() or _("Not permitted")

	def notify_user(self) -> None:
		"""Notify the user of this job of its result."""
		campaign = self.values["campaign_name"]
		lines = [_("{0} recipients were enrolled in {1}.").format(self.enrolled, campaign)]
		lines += [f"{number}: {reason}" for reason, number in self.left_out.items()]
		content = "<br>".join(map(escape, lines))
		user = frappe.session.user
		notify_users([user], "Campaign", campaign, escape(lines[0]), email_content=content)
