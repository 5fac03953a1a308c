"""What drip sequences read from and write to the ledger when their steps are planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import frappe

from email_campaigns.audience import recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import Candidate
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.drip.decide import DripRules, PastMails, Person
from email_campaigns.lifecycle import EMAIL_CAMPAIGN


@dataclass(frozen=True, slots=True)
class Enrolment:
	"""One Email Campaign that has something due; `plan_step` and `plan_cursor` tell how far a group has come."""

	name: str
	campaign: str
	doctype: str
	record: str
	sender: str
	start: date
	plan_step: int
	plan_cursor: str


def write_entries(entries: dict[Stream, list[LedgerEntry]]) -> None:
	"""Write the rows of some streams. All are loaded before the first is written. Raises ValidationError."""
	mailings = {stream: mailing_store.load_step(stream) for stream in entries}
	for stream, mailing in mailings.items():
		enqueue_store.enqueue(mailing, entries[stream])


def set_next(names: Iterable[str], epoch: int, step: int = 0, cursor: str = "") -> None:
	"""Note when enrolments have something due again (Unix seconds, 0 never), and how far a group has come."""
	frappe.db.sql(
		"UPDATE `tabEmail Campaign` SET next_epoch = %s, plan_step = %s, plan_cursor = %s WHERE name IN %s",
		(epoch, step, cursor, tuple(names)),
	)


def planned_steps(sources: Collection[str]) -> dict[str, set[int]]:
	"""Return {enrolment: steps that the ledger has a row of}."""
	found: dict[str, set[int]] = defaultdict(set)
	for source, step in frappe.db.sql(
		# A mailing has no steps; so asked, the unique index alone answers, however many members a group has.
		"SELECT DISTINCT source, step FROM `tabCampaign Message` WHERE source IN %s AND step > 0",
		(tuple(sources),),
	):
		found[source].add(step)
	return found


def read_people(
	rules: DripRules, candidates: Sequence[tuple[str, Candidate]]
) -> dict[tuple[str, str, str], Person]:
	"""Return {(enrolment, doctype, record): person} of (enrolment, candidate) pairs: a few queries a slice."""
	pasts, left = _pasts(rules, candidates), _left(candidates)
	disabled = recipients_store.find_disabled({(who.doctype, who.record) for _source, who in candidates})
	return {
		(source, who.doctype, who.record): Person(
			who,
			pasts.get((source, who.doctype, who.record), PastMails()),
			left=(source, address_key(who.email)) in left,
			disabled=(who.doctype, who.record) in disabled,
		)
		for source, who in candidates
	}


def _pasts(rules: DripRules, candidates) -> dict[tuple[str, str, str], PastMails]:
	if not rules.stops_on_reply and not any(step.send_if for step in rules.steps):
		return {}
	rows = frappe.db.sql(
		"""SELECT source, recipient_doctype, recipient_name, COUNT(opened_at) > 0, COUNT(clicked_at) > 0,
			COUNT(replied_at) > 0
		FROM `tabCampaign Message` WHERE source IN %s AND recipient_name IN %s AND cc_of = 0 GROUP BY 1, 2, 3""",
		(tuple({source for source, _who in candidates}), tuple({who.record for _source, who in candidates})),
	)
	return {tuple(row[:3]): PastMails(*map(bool, row[3:])) for row in rows}


def _left(candidates) -> set[tuple[str, str]]:
	"""Return (enrolment, key of the address) of those who have left just this sequence."""
	rows = frappe.db.sql(
		"""SELECT reference_name, email FROM `tabEmail Unsubscribe`
		WHERE reference_doctype = %s AND reference_name IN %s""",
		(EMAIL_CAMPAIGN, tuple({source for source, _who in candidates})),
	)
	return {(source, address_key(email)) for source, email in rows}
