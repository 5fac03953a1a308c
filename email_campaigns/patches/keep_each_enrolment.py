"""Patch: sequences that there are go on mailing each enrolment, also where an address has several."""

import frappe

from email_campaigns.audience.decide import PER_ENROLMENT


def execute() -> None:
	"""Set the choice of campaigns that have steps; new ones mail each address once."""
	frappe.db.sql(
		"""UPDATE `tabCampaign` SET duplicate_policy = %s WHERE name IN (
			SELECT parent FROM `tabCampaign Email Schedule` WHERE parenttype = 'Campaign')""",
		PER_ENROLMENT,
	)
