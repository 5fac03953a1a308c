"""Planning a step for the members of a group, slice by slice: each is mailed for itself, by its own record, and leaves alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import frappe

from email_campaigns.audience import recipients_store
from email_campaigns.audience.decide import PER_ADDRESS, Candidate, decide, wanted_keys
from email_campaigns.audience.lists import members_store as audience
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.ledger.row import LedgerEntry
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.drip import ledger_store
from email_campaigns.drip.decide import DripRules, decide_members
from email_campaigns.drip.ledger_store import Enrolment
from email_campaigns.schedule import drip as calendar
from email_campaigns.schedule.drip import RECIPIENTS, DripStep

EARLIEST = "Pacific/Kiritimati"  # where every day begins
# What is written where a group has no members on a step's day, so that the step is not lost without a trace.
NOBODY = Candidate(0, "", "", "", "", "", record_missing=True)


def plan_next(rules: DripRules, excluding: Sequence[str], enrolment: Enrolment) -> None:
	"""Plan the next slice of the step that is due, and note how far that came: the enrolment stays due until no slice
	of no step is left. Raises ValidationError."""
	begun = ledger_store.planned_steps([enrolment.name])[enrolment.name]
	step = _step(rules, enrolment, begun)
	if not step:
		return _rest(rules, enrolment, begun)
	cursor = enrolment.plan_cursor if enrolment.plan_step == step.number else ""
	if not cursor and enrolment.doctype == "Target List":
		audience.refresh_members([enrolment.record])
	after, candidates = _read(enrolment, excluding, cursor)
	_write(rules, step, enrolment, candidates if candidates or cursor else [NOBODY])
	if candidates:
		ledger_store.set_next([enrolment.name], rules.now, step.number, after)
	else:
		_rest(rules, enrolment, begun | {step.number})


def _step(rules: DripRules, enrolment: Enrolment, begun: Collection[int]) -> DripStep | None:
	"""The step that slices have been planned of, else the first that is due and has no row."""
	under_way = [step for step in rules.steps if step.number == enrolment.plan_step]
	fresh = [
		step for step in rules.steps if step.number not in begun and _due(rules, step, enrolment) <= rules.now
	]
	return next(iter(under_way + fresh), None)


def _rest(rules: DripRules, enrolment: Enrolment, begun: Collection[int]) -> None:
	"""Note when the next step is due: at once where one is already."""
	times = {step.number: _due(rules, step, enrolment) for step in rules.steps}
	waiting = any(number not in begun and at <= rules.now for number, at in times.items())
	at = rules.now if waiting else calendar.next_due(times, begun, rules.now)
	ledger_store.set_next([enrolment.name], at)


def _due(rules: DripRules, step: DripStep, enrolment: Enrolment) -> int:
	"""When the first of the members may get it."""
	return calendar.due(step, enrolment.start, rules.clocks, EARLIEST)


def _read(enrolment: Enrolment, excluding: Sequence[str], cursor: str) -> tuple[str, list[Candidate]]:
	"""Return where the next slice of the members ends, and those in it."""
	if enrolment.doctype == "Target List":
		found = audience.read_slice([enrolment.record], excluding, int(cursor or 0))
		return str(found[-1].member) if found else cursor, found
	names = frappe.db.sql(
		"""SELECT name FROM `tabEmail Group Member` WHERE email_group = %s AND name > %s ORDER BY name LIMIT %s""",
		(enrolment.record, cursor, audience.SLICE),
		pluck=True,
	)
	who = [Recipient(place, "", 0, "Email Group Member", name) for place, name in enumerate(names)]
	found = recipients_store.read_candidates(who, excluding) if who else {}
	return names[-1] if names else cursor, [found[place] for place in range(len(names))]


def _write(rules: DripRules, step: DripStep, enrolment: Enrolment, candidates: list[Candidate]) -> None:
	if not candidates:
		return
	stream = Stream(enrolment.campaign, step.number, enrolment.sender)
	keys = wanted_keys(candidates, PER_ADDRESS, informational=rules.informational)
	taken = enqueue_store.taken_keys(enrolment.name, step.number, keys) if keys else ()
	decisions = decide(candidates, PER_ADDRESS, taken, informational=rules.informational)
	found = ledger_store.read_people(rules, [(enrolment.name, who) for who in candidates])
	people = {record: person for (_source, _doctype, record), person in found.items()}
	entries = [
		LedgerEntry(
			decision,
			decision.candidate.language,
			_after(rules, step, enrolment, decision.candidate),
			source=enrolment.name,
		)
		for decision in decide_members(rules, step, enrolment.start, decisions, people)
	]
	ledger_store.write_entries({stream: entries})


def _after(rules: DripRules, step: DripStep, enrolment: Enrolment, who: Candidate) -> int:
	if step.zone != RECIPIENTS:
		return 0
	return calendar.due(step, enrolment.start, rules.clocks, who.time_zone)
