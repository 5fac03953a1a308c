"""The engine's entries of Campaign Log, made in bulk from rows of the ledger."""

from __future__ import annotations

import frappe
from frappe import _

from email_campaigns.site_time import site_now
from email_campaigns.tracking import log_store

MAILS = "`tabCampaign Message` m"
# For a row `m`: “CC: a@x.org; not CC: b@x.org (Unsubscribed)” of a mail that was Sent, with its copies at
# this moment.
_DETAILS = """IF(m.status = 'Sent' AND m.cc_of = 0, (
	SELECT CONCAT_WS('; ',
		REPLACE(%(copied)s, '{0}',
			GROUP_CONCAT(IF(c.status != 'Skipped', c.email, NULL) ORDER BY c.name SEPARATOR ', ')),
		REPLACE(%(not_copied)s, '{0}', GROUP_CONCAT(IF(c.status = 'Skipped',
			CONCAT(COALESCE(NULLIF(c.email, ''), c.cc_field), ' (', c.reason, ')'), NULL)
			ORDER BY c.name SEPARATOR ', ')))
	FROM `tabCampaign Message` c WHERE c.cc_of = m.name), m.reason)"""
_ACTION = """CASE WHEN m.cc_of > 0 AND m.status IN ('Sent', 'Skipped') THEN CONCAT('CC ', m.status)
	WHEN m.status = 'Failed' AND m.bounced_at IS NOT NULL THEN 'Bounced' ELSE m.status END"""


def log_ends(names: tuple[int, ...], copies: bool) -> None:
	"""Log the ends of some mails; with `copies` the entry of a mail names who gets one and who does not."""
	log_store.append_from_mails(
		MAILS,
		"""m.name IN %(names)s
			AND (m.status IN ('Sent', 'Failed', 'Uncertain') OR m.status = 'Skipped' AND m.cc_of > 0)""",
		{
			"now": site_now(),
			"names": names,
			"copied": _("CC: {0}"),
			"not_copied": _("not CC: {0}"),
		},
		at="COALESCE(m.sent_at, %(now)s)",
		action=_ACTION,
		details=_DETAILS if copies else "m.reason",
		user="m.owner",
	)


def log_sent(names: tuple[int, ...], details: str) -> None:
	"""Log that mails of which nobody knew have been Sent, in the name of the session's user."""
	log_store.append_from_mails(
		MAILS,
		"m.name IN %(names)s",
		{"names": names, "now": site_now(), "user": frappe.session.user, "details": details},
		at="%(now)s",
		action="'Sent'",
		details="%(details)s",
		user="%(user)s",
	)


def log_skipped_copies(names: tuple[int, ...], condition: str, values: dict) -> None:
	"""Log those of some copies `m` that were Skipped and whose mail `o` meets a condition in SQL."""
	log_store.append_from_mails(
		f"{MAILS} STRAIGHT_JOIN `tabCampaign Message` o ON o.name = m.cc_of",
		f"m.name IN %(names)s AND m.status = 'Skipped' AND {condition}",
		{**values, "names": names, "now": site_now()},
		at="%(now)s",
		action="'CC Skipped'",
		details="m.reason",
		user="m.owner",
	)
