"""A mailing's results in parts: by domain, by language, by link, over time, and against the hold-out group.

Each is one grouped statement over the rows that the index on the mailing yields. The number of statements
does not depend on the mailing's size.
"""

from __future__ import annotations

from datetime import datetime

import frappe

from email_campaigns.results import store
from email_campaigns.results.lift import LiftGroup
from email_campaigns.results.rates import Counts
from email_campaigns.results.store import COUNTS_AS_SENT, PEOPLE, PERSON

SHOWN = 10
SHOWN_LINKS = 20
MOMENTS = {"opened": "opened_at", "clicked": "clicked_at", "replied": "replied_at"}
LINK = "Tracking Link"


def by_domain(source: str) -> dict[str, Counts]:
	"""Return {domain of the recipients: counts}, those with the most mails first; at most SHOWN."""
	return _counts_by("{0}.domain", source)


def by_language(source: str) -> dict[str, Counts]:
	"""Return {language of the text that was sent, "" for everybody's: counts}; at most SHOWN."""
	return _counts_by("{0}.language", source)


def _counts_by(column: str, source: str) -> dict[str, Counts]:
	parts = {part: Counts(**numbers) for part, numbers in store.people_by(source, column, SHOWN).items()}
	return {part: counts for part, counts in parts.items() if counts.sent}


def first_moments(source: str, start: datetime) -> list[tuple[str, int, int]]:
	"""Return (kind of MOMENTS, hours from `start` to people's first such event, number of people).

	`start` is a time of the site's clock.
	"""
	parts = [
		f"""SELECT '{kind}', TIMESTAMPDIFF(HOUR, %(start)s, first.at), COUNT(*) FROM (
			SELECT MIN(c.`{stamp}`) at FROM `tabCampaign Message` c
			WHERE c.source = %(source)s AND c.`{stamp}` IS NOT NULL AND {PEOPLE} GROUP BY {PERSON}) first
		GROUP BY 2"""
		for kind, stamp in MOMENTS.items()
	]
	return list(frappe.db.sql(" UNION ALL ".join(parts), {"source": source, "start": start}))


def has_links() -> bool:
	"""Tell whether this site has tracked links."""
	return bool(frappe.db.exists("DocType", LINK)) and frappe.db.has_column("Campaign Log", "link")


def by_link(source: str) -> list[dict]:
	"""Return {"link", "title", "people", "clicks", "machine_clicks"} of the SHOWN_LINKS links of most
	people."""
	if not has_links():
		return []
	rows = frappe.db.sql(
		f"""SELECT l.link, COUNT(DISTINCT IF(l.verdict = 'human', {PERSON}, NULL)) people,
			COALESCE(SUM(l.verdict = 'human'), 0) clicks,
			COALESCE(SUM(l.verdict = 'machine'), 0) machine_clicks
		FROM `tabCampaign Log` l JOIN `tabCampaign Message` c ON c.name = l.message
		WHERE l.source = %s AND l.action = 'Clicked' AND COALESCE(l.link, '') != '' AND {PEOPLE}
		GROUP BY l.link ORDER BY people DESC, l.link LIMIT {SHOWN_LINKS}""",
		source,
		as_dict=True,
	)
	titles = _titles([row.link for row in rows])
	return [
		{**row, "clicks": int(row.clicks), "machine_clicks": int(row.machine_clicks)}
		| {"title": titles.get(str(row.link)) or str(row.link)}
		for row in rows
	]


def _titles(links: list) -> dict[str, str]:
	field = frappe.get_meta(LINK).get_title_field() if links else "name"
	if field == "name":
		return {}
	rows = frappe.get_all(LINK, {"name": ("in", links)}, ["name", field], as_list=True)
	return {str(name): title for name, title in rows}


def count_held_out(source: str, reason: str) -> int:
	"""Return how many people were excluded with `reason`, that of the hold-out group."""
	return frappe.db.sql(
		f"""SELECT COUNT(*) FROM `tabCampaign Message` c
		WHERE c.source = %s AND c.status = 'Skipped' AND c.reason = %s AND {PEOPLE}""",
		(source, reason),
	)[0][0]


# What the site sees of people whether they were mailed or not; a click or an open needs a mail. The address
# and the moment of each, as SQL. A person who answered from another address is in neither group, so that both
# are measured alike.
_SEEN = {
	"wrote": """SELECT x.sender email FROM `tabCommunication` x WHERE x.creation >= %(since)s
		AND x.communication_type = 'Communication' AND x.sent_or_received = 'Received'""",
	"unsubscribed": """SELECT x.email FROM `tabSuppressed Email` x
		WHERE x.creation >= %(since)s AND x.reason = 'Unsubscribed'""",
}


def behaviour_since(
	source: str, reason: str, since: datetime, sizes: tuple[int, int]
) -> dict[str, tuple[LiftGroup, LiftGroup]]:
	"""Return {what people did since `since`: (the mailed, the held out)}.

	`since` is a time of the site's clock, `sizes` the numbers of people (mailed, held out), `reason` that of
	the hold-out group.
	"""
	return {kind: _groups(events, source, reason, since, sizes) for kind, events in _SEEN.items()}


def _groups(
	events: str, source: str, reason: str, since: datetime, sizes: tuple[int, int]
) -> tuple[LiftGroup, LiftGroup]:
	# From the events to the ledger: they are few, and the ledger has an index on the address.
	mailed, held_out = frappe.db.sql(
		f"""SELECT COUNT(DISTINCT IF({COUNTS_AS_SENT}, {PERSON}, NULL)),
			COUNT(DISTINCT IF(c.status = 'Skipped' AND c.reason = %(reason)s, c.name, NULL))
		FROM ({events}) seen STRAIGHT_JOIN `tabCampaign Message` c ON c.email = seen.email
		WHERE c.source = %(source)s AND {PEOPLE}""",
		{"source": source, "reason": reason, "since": since},
	)[0]
	return LiftGroup(min(mailed, sizes[0]), sizes[0]), LiftGroup(min(held_out, sizes[1]), sizes[1])
