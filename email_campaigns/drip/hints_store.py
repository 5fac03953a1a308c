"""What the form of a campaign says about its steps before anybody is enrolled."""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe import _

from email_campaigns.delivery.mailing.mailing_store import account_name, template_content
from email_campaigns.message.html.foreign_tags import text_warnings
from email_campaigns.translation import translate


def read_hints(campaign) -> list[str]:
	"""Return sentences on what is wrong, or may be, with the steps of a Campaign document."""
	return list(_hints(campaign)) if campaign.campaign_schedules else []


def _hints(campaign) -> Iterator[str]:
	if not account_name(""):
		yield _(
			"This site has no default outgoing Email Account: only steps in the name of a user who has an"
			" Email Account can be sent."
		)
	templates = dict.fromkeys(row.email_template for row in campaign.campaign_schedules)
	for template in templates:
		if frappe.db.exists("Email Template", template):
			for sentence in text_warnings(*template_content(template)):
				yield f"{template}: {translate(sentence)}"
