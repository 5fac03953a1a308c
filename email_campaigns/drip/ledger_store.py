"""The ledger as drip sequences read and write it when their steps are planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import frappe

from email_campaigns.audience import recipients_store
from email_campaigns.audience.address import address_key
from email_campaigns.audience.decide import Candidate
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.ledger.twins_store import Twins
from email_campaigns.delivery.mailing import mailing_store
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.drip.decide import DripRules, PastMails, Person


@dataclass(frozen=True, slots=True)
class Enrolment:
	"""An Email Campaign that has something due, for the record `record` of `doctype`, made at `creation`.

	`plan_step` and `plan_cursor` say how far planning has come with a group: a step, and a place among the
	members. `held_until` is the end of the absence that it waits for, in Unix seconds, 0 without one.
	"""

	name: str
	campaign: str
	doctype: str
	record: str
	sender: str
	start: date
	plan_step: int
	plan_cursor: str
	creation: datetime
	held_until: int = 0


def write_entries(entries: dict[Stream, list[LedgerEntry]]) -> None:
	"""Write the entries of streams. All streams are loaded before the first row is written. Raises
	ValidationError."""
	mailings = {stream: mailing_store.load_step(stream) for stream in entries}
	for stream, mailing in mailings.items():
		enqueue_store.enqueue(mailing, entries[stream])


def set_next(names: Iterable[str], epoch: int, step: int = 0, cursor: str = "") -> None:
	"""Save when enrolments have something due again (Unix seconds, 0 never), and how far a group has come."""
	frappe.db.sql(
		"UPDATE `tabEmail Campaign` SET next_epoch = %s, plan_step = %s, plan_cursor = %s WHERE name IN %s",
		(epoch, step, cursor, tuple(names)),
	)


def planned_steps(sources: Collection[str]) -> dict[str, set[int]]:
	"""Return {enrolment: numbers of the steps that the ledger has a row of}; any other key gives an empty
	set."""
	planned: dict[str, set[int]] = defaultdict(set)
	for source, step in frappe.db.sql(
		# Only sequences have steps. With step > 0 the unique index alone answers, however many members a
		# group has.
		"SELECT DISTINCT source, step FROM `tabCampaign Message` WHERE source IN %s AND step > 0",
		(tuple(sources),),
	):
		planned[source].add(step)
	return planned


def find_twins(rules: DripRules, campaign: str, candidates: Iterable[Candidate]) -> Twins | None:
	"""Return the twins of enrolments of these candidates, None where each enrolment is mailed by itself."""
	emails = [candidate.email for candidate in candidates]
	return Twins(campaign, emails) if rules.per_address else None


def read_people(
	rules: DripRules, candidates: Sequence[tuple[Enrolment, Candidate]], twins: Twins | None
) -> dict[tuple[str, str, str], Person]:
	"""Return {(enrolment, doctype, record): person} of pairs (enrolment, candidate), with a few queries."""
	pasts = _read_pasts(rules, candidates)
	leavers = recipients_store.find_leavers({enrolment.name for enrolment, _candidate in candidates})
	people = {}
	for enrolment, candidate in candidates:
		place = (enrolment.name, candidate.doctype, candidate.record)
		past, left = _twins_past(twins, enrolment, candidate.email)
		people[place] = Person(
			candidate,
			pasts.get(place, PastMails()) | past,
			unsubscribed=left or (enrolment.name, address_key(candidate.email)) in leavers,
			held_until=enrolment.held_until,
		)
	return people


def _twins_past(twins: Twins | None, enrolment: Enrolment, email: str) -> tuple[PastMails, bool]:
	"""Return what an address has done with mails of twins, and whether it has left one of them."""
	if not twins or not email:
		return PastMails(), False
	past = PastMails()
	for mail in twins.mails_for(email, enrolment.name, enrolment.creation):
		past |= PastMails(mail.opened, mail.clicked, mail.replied)
	return past, twins.has_left(email, enrolment.creation)


def taken_steps(twins: Twins | None, enrolment: Enrolment, email: str) -> dict[int, str]:
	"""Return {step: why the enrolment does not mail it to an address, "" while that is open}."""
	return twins.taken(email, enrolment.name, enrolment.creation) if twins and email else {}


def _read_pasts(
	rules: DripRules, candidates: Sequence[tuple[Enrolment, Candidate]]
) -> dict[tuple[str, str, str], PastMails]:
	rows = frappe.db.sql(
		"""SELECT source, recipient_doctype, recipient_name, COUNT(opened_at) > 0, COUNT(clicked_at) > 0,
			COUNT(replied_at) > 0, COALESCE(MAX(absent_until), 0)
		FROM `tabCampaign Message`
		WHERE source IN %s AND recipient_name IN %s AND cc_of = 0 GROUP BY 1, 2, 3""",
		(
			tuple({enrolment.name for enrolment, _candidate in candidates}),
			tuple({candidate.record for _enrolment, candidate in candidates}),
		),
	)
	return {
		(source, doctype, record): PastMails(bool(opened), bool(clicked), bool(replied), absent_until)
		for source, doctype, record, opened, clicked, replied, absent_until in rows
	}
