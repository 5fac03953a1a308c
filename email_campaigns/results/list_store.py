"""Members of a target list from what people did with a mailing: one INSERT … SELECT for a slice of the
ledger.

There is no list of those who unsubscribed, because they must not be mailed. Colleagues of the seed group and
copies (CC) never join, nor do people whose records the user of the session may not read.
"""

from __future__ import annotations

from collections.abc import Iterator

import frappe
from frappe.utils import now

from email_campaigns.compat import affected_rows
from email_campaigns.record_rights_store import visible
from email_campaigns.results.breakdown_store import has_links
from email_campaigns.results.store import PEOPLE

SLICE = 5000  # numbers of the ledger; those of a mailing are close together
CLICKED_LINK = "clicked_link"


def _any_mail(condition: str) -> str:
	"""Return SQL: a condition over a row `{0}` holds for the person's mail `c`, or for a resend of it."""
	resend = f"SELECT 1 FROM `tabCampaign Message` r WHERE r.resend_of = c.name AND {condition.format('r')}"
	return f"({condition.format('c')} OR EXISTS ({resend}))"


_SENT = _any_mail("({0}.status = 'Sent' OR {0}.bounced_at IS NOT NULL)")
_OPENED, _CLICKED, _REPLIED, _BOUNCED = (
	_any_mail(f"{{0}}.{stamp} IS NOT NULL")
	for stamp in ("opened_at", "clicked_at", "replied_at", "bounced_at")
)
# A person who clicked or replied has read the mail, though its image was not loaded.
_READ = f"({_OPENED} OR {_CLICKED} OR {_REPLIED})"
_CLICKED_LINK = _any_mail(
	"""EXISTS (SELECT 1 FROM `tabCampaign Log` l WHERE l.message = {0}.name AND l.action = 'Clicked'
	AND l.verdict = 'human' AND l.link = %(link)s)"""
)
BEHAVIOURS = {
	"opened": _READ,
	"opened_not_clicked": f"{_READ} AND NOT {_CLICKED}",
	"not_opened": f"{_SENT} AND NOT {_BOUNCED} AND NOT {_READ}",
	"clicked": _CLICKED,
	CLICKED_LINK: _CLICKED_LINK,
	"replied": _REPLIED,
	"bounced": _BOUNCED,
	"failed": f"c.status IN ('Failed', 'Expired') AND NOT {_SENT}",
}

# As audience.lists.members makes it: a record's name, or a plain address by the key that the ledger has too.
# The member itself may have been deleted since, or have got another address.
_KEY = """IF(c.recipient_doctype != 'Target List Member', CONCAT(c.recipient_doctype, '/', c.recipient_name),
	COALESCE(m.member_key,
		IF(c.dedupe_key LIKE 'a:%%', CONCAT('@', SUBSTRING(c.dedupe_key, 3)), SUBSTRING(c.dedupe_key, 3))))"""


def is_behaviour(behaviour: str) -> bool:
	"""Tell whether a list can be made from this behaviour on this site."""
	return behaviour in BEHAVIOURS and (behaviour != CLICKED_LINK or has_links())


def count_people(source: str, behaviour: str, link: str = "") -> int:
	"""Return how many people of a mailing have shown a behaviour. Raises KeyError for an unknown one."""
	return frappe.db.sql(
		f"SELECT COUNT(*) FROM `tabCampaign Message` c WHERE {_people(behaviour)}",
		{"source": source, "link": link},
	)[0][0]


def _people(behaviour: str) -> str:
	"""Return SQL over a row `c` of the ledger: the first mail of a person who has shown a behaviour."""
	first_mails = f"c.source = %(source)s AND {PEOPLE} AND COALESCE(c.resend_of, 0) = 0"
	return f"{first_mails} AND {BEHAVIOURS[behaviour]} AND {visible('Campaign Message', 'c')}"


def add_people(
	target_list: str, source: str, behaviour: str, link: str = ""
) -> Iterator[tuple[int, int, int]]:
	"""Add people to a list slice by slice; yield (numbers done, numbers in all, people who joined) after
	each.

	The caller commits after each slice. Members of the list stay as they are, so it may run twice.
	"""
	first, last = frappe.db.sql(
		"SELECT MIN(name), MAX(name) FROM `tabCampaign Message` WHERE source = %s", source
	)[0]
	if first is None:
		return
	for start in range(first, last + 1, SLICE):
		joined = _add_slice(target_list, source, behaviour, link, start)
		yield min(start + SLICE, last + 1) - first, last + 1 - first, joined


def _add_slice(target_list: str, source: str, behaviour: str, link: str, start: int) -> int:
	frappe.db.sql(
		f"""INSERT IGNORE INTO `tabTarget List Member` (name, creation, modified, owner, modified_by,
			target_list, email, member_doctype, member_name, first_name, last_name, language, time_zone,
			opted_out, record_missing, member_key)
		SELECT NEXTVAL(`target_list_member_id_seq`), %(now)s, %(now)s, %(user)s, %(user)s,
			%(target_list)s, c.email,
			IF(c.recipient_doctype = 'Target List Member', NULL, c.recipient_doctype),
			IF(c.recipient_doctype = 'Target List Member', NULL, c.recipient_name),
			COALESCE(m.first_name, ''), COALESCE(m.last_name, ''), m.language, m.time_zone,
			COALESCE(m.opted_out, 0), 0, {_KEY}
		FROM `tabCampaign Message` c LEFT JOIN `tabTarget List Member` m
			ON m.name = c.member AND m.email = c.email AND BINARY LOWER(m.email) = BINARY LOWER(c.email)
		WHERE c.name BETWEEN %(start)s AND %(end)s AND {_people(behaviour)}
		ORDER BY c.name""",
		{
			"now": now(),
			"user": frappe.session.user,
			"target_list": target_list,
			"source": source,
			"link": link,
			"start": start,
			"end": start + SLICE - 1,
		},
	)
	return affected_rows()
