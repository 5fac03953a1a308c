"""Whether the members that a page of a list shows get any mail, all of them by one query."""

from __future__ import annotations

from collections.abc import Sequence

import frappe

from email_campaigns.audience.suppression import PERSONS_WISH

LEFT_LIST = "Left This List"


def states(members: Sequence[int]) -> dict[int, str]:
	"""Return {member: why nothing is sent to the address} for those that are suppressed, weightier reasons first."""
	rows = frappe.db.sql(
		"""SELECT m.name, s.reason, COALESCE(s.target_list, '') != ''
		FROM `tabTarget List Member` m JOIN `tabSuppressed Email` s
			ON s.email = m.email AND BINARY LOWER(s.email) = BINARY LOWER(m.email)
		WHERE m.name IN %s AND COALESCE(s.target_list, '') IN ('', m.target_list)
		ORDER BY COALESCE(s.target_list, '') != '' DESC""",
		(tuple(members) or (0,),),
	)
	# What holds for every list comes last, and so is what is told.
	return {
		name: LEFT_LIST if of_list and reason in PERSONS_WISH else reason for name, reason, of_list in rows
	}
