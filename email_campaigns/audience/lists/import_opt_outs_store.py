"""Opt-outs that an imported file has: the wish of an address, as if the person had left all lists here.

An opt-out belongs to the address unless it names one list, and a column of a file names none.
"""

from __future__ import annotations

from collections.abc import Sequence

import frappe

from email_campaigns.audience.address import address_key
from email_campaigns.audience.sources_store import OPT_OUT_ORIGIN
from email_campaigns.audience.suppression.suppression import PERSONS_WISH, UNSUBSCRIBED
from email_campaigns.audience.suppression.suppression_store import suppress


def suppress_opted_out(emails: Sequence[str], origin: str) -> None:
	"""Suppress normalised addresses for everything; `origin` says which file has brought the wish."""
	known = _known_wishes(emails)
	for email in emails:
		if address_key(email) not in known:
			suppress(email, reason=UNSUBSCRIBED, origin=origin)


def _known_wishes(emails: Sequence[str]) -> set[str]:
	"""Return the keys of addresses whose own wish for no mail is known, and so was mirrored then."""
	rows = frappe.db.sql(
		"""SELECT email FROM `tabSuppressed Email`
		WHERE email IN %s AND COALESCE(target_list, '') = '' AND reason IN %s
			AND COALESCE(origin, '') NOT LIKE %s""",
		(tuple(emails) or ("",), tuple(PERSONS_WISH), f"{OPT_OUT_ORIGIN}%"),
		pluck=True,
	)
	return {address_key(email) for email in rows}
