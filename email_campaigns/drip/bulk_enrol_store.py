"""Enrolling many records at once: each for itself, and whoever can't be is counted with the reason."""

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
	"""Enrols records in a campaign; `enrolled` and `left_out` {reason: number} tell how far that came."""

	def __init__(self, campaign: str, doctype: str, start_date: str, sender: str = ""):
		self.values = {"campaign_name": campaign, "email_campaign_for": doctype, "start_date": start_date}
		if sender:
			self.values["sender"] = sender
		self.enrolled, self.left_out = 0, Counter()

	def add(self, names: Iterable[str]) -> None:
		"""Enrol some records, in the transaction of the caller."""
		for name in names:
			if reason := self._add(name):
				self.left_out[reason] += 1
			else:
				self.enrolled += 1

	def _add(self, name: str) -> str:
		messages = len(frappe.local.message_log)
		try:
			doc = frappe.get_doc({"doctype": EMAIL_CAMPAIGN, "recipient": name, **self.values})
			doc.flags.plans_later = True  # whoever enrols many asks for that once
			doc.insert()
		except (frappe.ValidationError, frappe.PermissionError) as error:
			# It is refused before anything of it is written.
			return self._general(strip_html(str(error)), name)
		finally:
			del frappe.local.message_log[messages:]
		return ""

	def _general(self, sentence: str, name: str) -> str:
		"""Word a reason so that it is the same for all records: counted, not listed."""
		return sentence.replace(f" '{name}'", "").replace(f" {name}", "").strip() or _("Not permitted")

	def notify_user(self) -> None:
		"""Notify the user of this job of what came of it."""
		campaign = self.values["campaign_name"]
		lines = [_("{0} recipients were enrolled in {1}.").format(self.enrolled, campaign)]
		lines += [f"{number}: {reason}" for reason, number in self.left_out.items()]
		content = "<br>".join(map(escape, lines))
		user = frappe.session.user
		notify_users([user], "Campaign", campaign, escape(lines[0]), email_content=content)
