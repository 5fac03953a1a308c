"""Opens and clicks in the database: each hit is a row of the log, the first human one a stamp on the ledger.

A hit on a copy (CC) counts for the person in To: it is logged for that person's mail, with the copy's number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from frappe import _

from email_campaigns.settings import setting_number
from email_campaigns.site_time import site_now
from email_campaigns.tracking import log_store
from email_campaigns.tracking.events import Event, judge_events
from email_campaigns.tracking.verdict import BURST_SECONDS, CLICK, HUMAN, INTERNAL, HitVerdict
from email_campaigns.translation import in_language, site_language, translate

# Hits that are further apart do not change each other's verdict.
LOOK_BACK = timedelta(seconds=3 * BURST_SECONDS)
MINUTE = timedelta(minutes=1)
AGENT_LENGTH = 255


@dataclass(frozen=True, slots=True)
class HitMail:
	"""The mail that a hit counts for, by its number in the ledger.

	`cc` is the number of the copy that was opened, 0 for the mail itself; `copied_to` is that copy's address.
	"""

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
	"""Return the mail that a hit on `message` counts for, None where the ledger has no such row (any more).

	The row is locked, so that of several hits at once each sees those before it. Call this first in a
	transaction: whatever is read before the lock may be out of date.
	"""
	rows = frappe.db.sql(
		"""SELECT t.name, IF(m.cc_of > 0, m.name, 0), m.sent_at, COALESCE(t.email, ''),
			IF(m.cc_of > 0, COALESCE(m.email, ''), ''), t.campaign, t.source_doctype, t.source,
			t.recipient_doctype, t.recipient_name
		FROM `tabCampaign Message` m
			JOIN `tabCampaign Message` t ON t.name = IF(m.cc_of > 0, m.cc_of, m.name)
		WHERE m.name = %s FOR UPDATE""",
		message,
	)
	return HitMail(*rows[0]) if rows else None


def record_hit(  # noqa: PLR0913  (the facts of one request, each by its name)
	mail: HitMail,
	kind: str,
	agent: str,
	*,
	link: str = "",
	details: str = "",
	internal: bool,
	request: str = "",
) -> HitVerdict:
	"""Log one hit with its verdict and return it; judge the hits just before it anew.

	`kind`, `link` and `request` are as in Event. `internal` says that a user of this site has the device.
	Where a mail has had log_store.MOST_A_MINUTE hits within a minute, its last row is counted on instead,
	unless a stamp needs this hit.
	"""
	at, agent = site_now(), agent[:AGENT_LENGTH]
	names, events = _recent_events(mail, at)
	new = Event(kind, at, agent, link, INTERNAL if internal else "", request)
	*earlier, verdict = judge_events([*events, new], mail.sent_at, machine_seconds())
	if len(events) >= log_store.MOST_A_MINUTE and not _is_first_of_person(new, verdict, events):
		log_store.count_on(_last_of_kind(kind, names, events))
		return verdict
	_log(mail, new, verdict, details)
	if _correct_verdicts(*_near(names, events, earlier, at)):
		restamp([mail.message])
	elif verdict.verdict == HUMAN:
		_stamp(mail, kind, at)
	return verdict


def _is_first_of_person(new: Event, verdict: HitVerdict, earlier: Sequence[Event]) -> bool:
	"""Tell whether a hit is a person's, and no earlier one of its kind is."""
	return verdict.verdict == HUMAN and not any(
		event.kind == new.kind and event.verdict == HUMAN for event in earlier
	)


def _last_of_kind(kind: str, names: Sequence[int], events: Sequence[Event]) -> int:
	return next(
		(name for name, event in zip(reversed(names), reversed(events), strict=True) if event.kind == kind),
		names[-1],
	)


def _near(
	names: Sequence[int], events: Sequence[Event], verdicts: Sequence[HitVerdict], at: datetime
) -> tuple[Sequence[int], Sequence[Event], Sequence[HitVerdict]]:
	"""Return those of the last minute's events, with their names and verdicts, that a hit at `at` may change.

	The others stand at the edge of what was read, so their neighbours are not known.
	"""
	first = next((place for place, event in enumerate(events) if event.at >= at - LOOK_BACK), len(events))
	return names[first:], events[first:], verdicts[first:]


def machine_seconds() -> int:
	"""Return how many seconds after sending a hit is a machine's, as the settings have it; 0 for none."""
	return setting_number("machine_seconds")


def _recent_events(mail: HitMail, at: datetime) -> tuple[list[int], list[Event]]:
	return _stored_events(
		"message = %s AND cc_message = %s AND creation >= %s", (mail.message, mail.cc, at - MINUTE)
	).get((mail.message, mail.cc), ([], []))


def _stored_events(
	condition: str, values: Sequence[object]
) -> dict[tuple[int, int], tuple[list[int], list[Event]]]:
	"""Return {(mail, copy of it): (names in the log, events)}, the earliest first."""
	stored: dict = defaultdict(lambda: ([], []))
	for name, message, cc, kind, at, agent, link, verdict, request in frappe.db.sql(
		f"""SELECT name, message, cc_message, action, creation, COALESCE(client, ''), COALESCE(link, ''),
			COALESCE(verdict, ''), COALESCE(request, '')
		FROM `tabCampaign Log` WHERE action IN ('Opened', 'Clicked') AND {condition}
		ORDER BY creation, name""",
		values,
	):
		names, events = stored[message, cc]
		names.append(name)
		events.append(Event(kind, at, agent, link, verdict, request))
	return stored


def _log(mail: HitMail, event: Event, verdict: HitVerdict, details: str) -> None:
	# The sender's staff reads it, in the site's language; this session may have the recipient's.
	with in_language(site_language()):
		copied = _("in the copy to {0}").format(mail.copied_to) if mail.cc else ""
		reason = translate(verdict.reason)
	log_store.append(
		event.kind,
		event.at,
		email=mail.email,
		details=" · ".join(filter(None, (details, copied))),
		verdict=verdict.verdict,
		reason=reason,
		link=event.link or None,
		client=event.agent,
		request=event.request,
		cc_message=mail.cc,
		campaign=mail.campaign,
		source_doctype=mail.source_doctype,
		source=mail.source,
		message=mail.message,
		recipient_doctype=mail.recipient_doctype,
		recipient_name=mail.recipient_name,
	)


def _stamp(mail: HitMail, kind: str, at: datetime) -> None:
	"""Stamp the first open; for a click, which implies an open, the first click too."""
	fields = ("opened_at", "clicked_at") if kind == CLICK else ("opened_at",)
	stamps = ", ".join(f"{field} = COALESCE({field}, %(at)s)" for field in fields)
	missing = " OR ".join(f"{field} IS NULL" for field in fields)
	frappe.db.sql(
		f"UPDATE `tabCampaign Message` SET {stamps} WHERE name IN %(names)s AND ({missing})",
		{"at": at, "names": (mail.message, mail.cc)},
	)


def _correct_verdicts(names: Iterable[int], events: Iterable[Event], verdicts: Iterable[HitVerdict]) -> bool:
	"""Write the verdicts that differ from the stored ones; tell whether there was one."""
	changed: dict[HitVerdict, list[int]] = defaultdict(list)
	for name, event, verdict in zip(names, events, verdicts, strict=True):
		if event.verdict != verdict.verdict:
			changed[verdict].append(name)
	with in_language(site_language()):
		for verdict, wrong in changed.items():
			frappe.db.sql(
				"UPDATE `tabCampaign Log` SET verdict = %s, reason = %s WHERE name IN %s",
				(verdict.verdict, translate(verdict.reason), tuple(wrong)),
			)
	return bool(changed)


def restamp(messages: Sequence[int]) -> None:
	"""Set the stamps of the first open and click of mails and of their copies from the log.

	A reply implies an open.
	"""
	for column in ("message", "cc_message"):
		frappe.db.sql(
			f"""UPDATE `tabCampaign Message` m LEFT JOIN (
				SELECT {column} AS mail, MIN(creation) AS opened,
					MIN(IF(action = 'Clicked', creation, NULL)) AS clicked
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
	"""Judge all hits of the next `most` mails again that have a number above `after` and a hit since `since`.

	Corrects the stamps of mails of which a verdict changed. Returns the number of the last mail, to go on
	from, or 0 at the end. `since` is a time of the site's clock.
	"""
	messages = frappe.db.sql(
		"""SELECT DISTINCT message FROM `tabCampaign Log` WHERE message > %s AND creation >= %s
			AND action IN ('Opened', 'Clicked') ORDER BY message LIMIT %s""",
		(after, since, most),
		pluck=True,
	)
	if not messages:
		return 0
	sent, seconds = _sending_times(messages), machine_seconds()
	wrong = {
		message
		for (message, cc), (names, events) in _stored_events("message IN %s", (tuple(messages),)).items()
		if _correct_verdicts(names, events, judge_events(events, sent.get(cc or message), seconds))
	}
	if wrong:
		restamp(sorted(wrong))
	return messages[-1]


def _sending_times(messages: Sequence[int]) -> dict[int, datetime]:
	return dict(
		frappe.db.sql(
			"SELECT name, sent_at FROM `tabCampaign Message` WHERE name IN %(names)s OR cc_of IN %(names)s",
			{"names": tuple(messages)},
		)
	)
