"""What rows of the ledger tell that is no column of theirs, in SQL. Pure text."""

# Of a row `m`: “CC: a@x.org; not CC: b@x.org (Unsubscribed)” for a mail that was Sent, with the copies as they are at that moment.
TOLD = """IF(m.status = 'Sent' AND m.cc_of = 0, (
	SELECT CONCAT_WS('; ',
		CONCAT('CC: ', GROUP_CONCAT(IF(c.status != 'Skipped', c.email, NULL) ORDER BY c.name SEPARATOR ', ')),
		CONCAT('not CC: ', GROUP_CONCAT(IF(c.status = 'Skipped',
			CONCAT(COALESCE(NULLIF(c.email, ''), c.cc_field), ' (', c.reason, ')'), NULL)
			ORDER BY c.name SEPARATOR ', ')))
	FROM `tabCampaign Message` c WHERE c.cc_of = m.name), m.reason)"""

# Of a row `c`: a copy has the version of its mail.
VERSION = """IF(c.cc_of > 0, COALESCE((SELECT m.version FROM `tabCampaign Message` m WHERE m.name = c.cc_of), ''),
	COALESCE(c.version, ''))"""
