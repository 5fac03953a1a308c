"""The engine's entries of Campaign Log, made in bulk from rows of the ledger."""

from __future__ import annotations

import frappe
from frappe import _
from frappe.utils import now_datetime

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


def log_ends(names: tuple[int, ...], copies: bool) -> None:
	"""Log the ends of some mails; with `copies` the entry of a mail names who gets one and who does not."""
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details,
			email, campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), COALESCE(sent_at, %(now)s), COALESCE(sent_at, %(now)s),
			owner, owner,
			CASE WHEN cc_of > 0 AND status IN ('Sent', 'Skipped') THEN CONCAT('CC ', status)
				WHEN status = 'Failed' AND bounced_at IS NOT NULL THEN 'Bounced' ELSE status END,
			{_DETAILS if copies else "reason"}, email,
			campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` m
		WHERE name IN %(names)s
			AND (status IN ('Sent', 'Failed', 'Uncertain') OR status = 'Skipped' AND cc_of > 0)""",
		{
			"now": now_datetime(),
			"names": names,
			"copied": _("CC: {0}"),
			"not_copied": _("not CC: {0}"),
		},
	)
