"""Opens and clicks in the database: each hit is one row of the log, the first human one a stamp on the ledger.

What a copy (CC) tells counts for the person in To: its hits are logged for that person's mail, with the copy's number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from frappe.utils import cint, now_datetime

from email_campaigns.settings import app_settings
from email_campaigns.tracking.events import Event, judge_events
from email_campaigns.tracking.verdict import BURST_SECONDS, CLICK, HUMAN, INTERNAL, HitVerdict

LOOK_BACK = timedelta(seconds=3 * BURST_SECONDS)  # further back no hit changes the verdict of another
AGENT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class HitMail:
	"""The mail that a hit counts for. `cc` is the ledger's number of the copy that was opened, 0 for the mail itself."""

	message: int
	cc: int
	sent_at: datetime | None
	email: str
	copied_to: str
	campaign: str | None
	source_doctype: str | None
	source: str | None
	recipient_doctype: str | None
	recipient_name: str | None


def lock_mail(message: int) -> HitMail | None:
	"""Return the mail that a hit on `message` counts for, None where the ledger does not have it (any more).

	Its row is locked, so that of hits that come together each sees those before it. To be read first in a
	transaction: what was read before the lock is of a moment before it.
	"""
	rows = frappe.db.sql(
		"""SELECT t.name, IF(m.cc_of > 0, m.name, 0), m.sent_at, COALESCE(t.email, ''),
			IF(m.cc_of > 0, COALESCE(m.email, ''), ''), t.campaign, t.source_doctype, t.source,
			t.recipient_doctype, t.recipient_name
		FROM `tabCampaign Message` m JOIN `tabCampaign Message` t ON t.name = IF(m.cc_of > 0, m.cc_of, m.name)
		WHERE m.name = %s FOR UPDATE""",
		message,
	)
	return HitMail(*rows[0]) if rows else None


def record_hit(
	mail: HitMail,
	kind: str,
	agent: str,
	*,
	link: str = "",
	details: str = "",
	internal: bool,
	request: str = "",
) -> HitVerdict:
	"""Keep one hit with its verdict, and judge anew what came just before it; `request` as Event has it."""
	at, agent = now_datetime(), agent[:AGENT_LENGTH]
	names, events = _recent(mail, at)
	new = Event(kind, at, agent, link, INTERNAL if internal else "", request)
	*earlier, verdict = judge_events([*events, new], mail.sent_at, machine_seconds())
	_insert(mail, new, verdict, details)
	if _correct(names, events, earlier):
		restamp([mail.message])
	elif verdict.verdict == HUMAN:
		_stamp(mail, kind, at)
	return verdict


def machine_seconds() -> int:
	return cint(app_settings().machine_seconds)


def _recent(mail: HitMail, at: datetime) -> tuple[list[int], list[Event]]:
	return _stored(
		"message = %s AND cc_message = %s AND creation >= %s", (mail.message, mail.cc, at - LOOK_BACK)
	).get((mail.message, mail.cc), ([], []))


def _stored(condition: str, values: Sequence) -> dict[tuple[int, int], tuple[list[int], list[Event]]]:
	"""Return {(mail, copy of it): (names in the log, events)} in the order of their coming."""
	found: dict = defaultdict(lambda: ([], []))
	for name, message, cc, kind, at, agent, link, verdict, request in frappe.db.sql(
		f"""SELECT name, message, cc_message, action, creation, COALESCE(client, ''), COALESCE(link, ''),
			COALESCE(verdict, ''), COALESCE(request, '')
		FROM `tabCampaign Log` WHERE action IN ('Opened', 'Clicked') AND {condition} ORDER BY creation, name""",
		values,
	):
		names, events = found[message, cc]
		names.append(name)
		events.append(Event(kind, at, agent, link, verdict, request))
	return found


def _insert(mail: HitMail, event: Event, verdict: HitVerdict, details: str) -> None:
	# What is stored is read by the sender's staff: it is not in the recipient's language.
	details = " · ".join(filter(None, (details, f"in the copy to {mail.copied_to}" if mail.cc else "")))
	user = frappe.session.user
	frappe.db.sql(
		"""INSERT INTO `tabCampaign Log` (name, creation, modified, owner, modified_by, action, email, details,
			verdict, reason, link, client, request, cc_message, campaign, source_doctype, source, message, recipient_doctype,
			recipient_name)
		VALUES (NEXTVAL(`campaign_log_id_seq`), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
			%s, %s, %s)""",
		(
			*(event.at, event.at, user, user, event.kind, mail.email, details, *verdict),
			*(event.link or None, event.agent, event.request),
			*(mail.cc, mail.campaign, mail.source_doctype, mail.source),
			*(mail.message, mail.recipient_doctype, mail.recipient_name),
		),
	)


def _stamp(mail: HitMail, kind: str, at: datetime) -> None:
	"""Stamp the first open, and for a click, which implies one, the first click."""
	fields = ("opened_at", "clicked_at") if kind == CLICK else ("opened_at",)
	frappe.db.sql(
		f"""UPDATE `tabCampaign Message` SET {", ".join(f"{field} = COALESCE({field}, %(at)s)" for field in fields)}
		WHERE name IN %(names)s AND ({" OR ".join(f"{field} IS NULL" for field in fields)})""",
		{"at": at, "names": (mail.message, mail.cc)},
	)


def _correct(names: Iterable[int], events: Iterable[Event], verdicts: Iterable[HitVerdict]) -> bool:
	"""Write the verdicts that differ from those stored; tell whether there was one."""
	changed = defaultdict(list)
	for name, event, verdict in zip(names, events, verdicts, strict=True):
		if event.verdict != verdict.verdict:
			changed[verdict].append(name)
	for verdict, wrong in changed.items():
		frappe.db.sql(
			"UPDATE `tabCampaign Log` SET verdict = %s, reason = %s WHERE name IN %s",
			(*verdict, tuple(wrong)),
		)
	return bool(changed)


def restamp(messages: Sequence[int]) -> None:
	"""Set the first open and click of mails, and of their copies, anew from the log; a reply implies an open."""
	for column in ("message", "cc_message"):
		frappe.db.sql(
			f"""UPDATE `tabCampaign Message` m LEFT JOIN (
				SELECT {column} AS mail, MIN(creation) AS opened, MIN(IF(action = 'Clicked', creation, NULL)) AS clicked
				FROM `tabCampaign Log` WHERE message IN %(messages)s AND (
					(action IN ('Opened', 'Clicked') AND verdict = 'human')
					OR (action IN ('Replied', 'Attachment Viewed')
						AND COALESCE(verdict, '') NOT IN ('machine', 'internal', 'test')))
				GROUP BY 1) e ON e.mail = m.name
			SET m.opened_at = e.opened, m.clicked_at = e.clicked
			WHERE {"m.name" if column == "message" else "m.cc_of"} IN %(messages)s""",
			{"messages": tuple(messages)},
		)


def rejudge(since: datetime, after: int, most: int) -> int:
	"""Judge the hits of the next `most` mails after number `after` anew, as far as they had one since then.

	Corrects their stamps where a verdict changed. Returns the last mail's number to go on from, 0 at the end.
	"""
	messages = frappe.db.sql(
		"""SELECT DISTINCT message FROM `tabCampaign Log` WHERE message > %s AND creation >= %s
			AND action IN ('Opened', 'Clicked') ORDER BY message LIMIT %s""",
		(after, since, most),
		pluck=True,
	)
	if not messages:
		return 0
	sent, seconds = _sent(messages), machine_seconds()
	wrong = {
		message
		for (message, cc), (names, events) in _stored("message IN %s", (tuple(messages),)).items()
		if _correct(names, events, judge_events(events, sent.get(cc or message), seconds))
	}
	if wrong:
		restamp(sorted(wrong))
	return messages[-1]


def _sent(messages: Sequence[int]) -> dict[int, datetime]:
	return dict(
		frappe.db.sql(
			"SELECT name, sent_at FROM `tabCampaign Message` WHERE name IN %(m)s OR cc_of IN %(m)s",
			{"m": tuple(messages)},
		)
	)
