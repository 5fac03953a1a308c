"""The only writer of what the engine logs: each row of Campaign Log is made from a row of the ledger, in bulk."""

from __future__ import annotations

import frappe
from frappe.utils import now_datetime

# Of a row `m`: “CC: a@x.org; not CC: b@x.org (Unsubscribed)” for a mail that was Sent, with the copies as they are at that moment.
TOLD = """IF(m.status = 'Sent' AND m.cc_of = 0, (
	SELECT CONCAT_WS('; ',
		CONCAT('CC: ', GROUP_CONCAT(IF(c.status != 'Skipped', c.email, NULL) ORDER BY c.name SEPARATOR ', ')),
		CONCAT('not CC: ', GROUP_CONCAT(IF(c.status = 'Skipped',
			CONCAT(COALESCE(NULLIF(c.email, ''), c.cc_field), ' (', c.reason, ')'), NULL)
			ORDER BY c.name SEPARATOR ', ')))
	FROM `tabCampaign Message` c WHERE c.cc_of = m.name), m.reason)"""


def log_ends(names: tuple[int, ...], copies: bool) -> None:
	frappe.db.sql(
		f"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, details, email,
			campaign, source_doctype, source, message, recipient_doctype, recipient_name)
		SELECT NEXTVAL(`campaign_log_id_seq`), COALESCE(sent_at, %(now)s), COALESCE(sent_at, %(now)s), owner, owner,
			CASE WHEN cc_of > 0 AND status IN ('Sent', 'Skipped') THEN CONCAT('CC ', status)
				WHEN status = 'Failed' AND bounced_at IS NOT NULL THEN 'Bounced' ELSE status END,
			{TOLD if copies else "reason"}, email,
			campaign, source_doctype, source, name, recipient_doctype, recipient_name
		FROM `tabCampaign Message` m
		WHERE name IN %(names)s AND (status IN ('Sent', 'Failed', 'Uncertain') OR status = 'Skipped' AND cc_of > 0)""",
		{"now": now_datetime(), "names": names},
	)
