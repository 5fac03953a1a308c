"""Planning of a step for the members of a group, slice by slice.

Each member is mailed by its own record, and may leave the sequence without the others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import frappe

from email_campaigns.audience import decide as member_rules
from email_campaigns.audience import recipients_store
from email_campaigns.audience.decide import PER_ADDRESS, Candidate, Decision, wanted_keys
from email_campaigns.audience.lists import members_store
from email_campaigns.audience.recipients_store import Recipient
from email_campaigns.delivery import enqueue_store
from email_campaigns.delivery.ledger.row import WAITS_FOR_TWIN, LedgerEntry
from email_campaigns.delivery.ledger.twins_store import Twins
from email_campaigns.delivery.mailing.mailing import Stream
from email_campaigns.drip import decide, ledger_store
from email_campaigns.drip.decide import DripRules, Person
from email_campaigns.drip.ledger_store import Enrolment
from email_campaigns.schedule import drip as calendar
from email_campaigns.schedule.drip import RECIPIENTS, DripStep

EARLIEST_ZONE = "Pacific/Kiritimati"  # where every day begins
# Written where a group has no members on a step's day, so that the ledger says why nobody got the step.
NOBODY = Candidate(0, "", "", "", "", "", record_missing=True)


def plan_next(rules: DripRules, excluding: Sequence[str], enrolment: Enrolment) -> None:
	"""Plan the next slice of the step that is due, and save how far that came. Raises ValidationError.

	The enrolment stays due until no step has a slice left to plan.
	"""
	planned = ledger_store.planned_steps([enrolment.name])[enrolment.name]
	step = _next_step(rules, enrolment, planned)
	if not step:
		_set_next_due(rules, enrolment, planned)
		return
	cursor = enrolment.plan_cursor if enrolment.plan_step == step.number else ""
	if not cursor and enrolment.doctype == "Target List":
		members_store.refresh_members([enrolment.record])
	next_cursor, candidates = _read_slice(enrolment, excluding, cursor)
	_write_slice(rules, step, enrolment, candidates if candidates or cursor else [NOBODY])
	if candidates:
		ledger_store.set_next([enrolment.name], rules.now, step.number, next_cursor)
	else:
		_set_next_due(rules, enrolment, planned | {step.number})


def _next_step(rules: DripRules, enrolment: Enrolment, planned: Collection[int]) -> DripStep | None:
	"""Return the step that slices have been planned of, else the first that is due and has no row."""
	under_way = [step for step in rules.steps if step.number == enrolment.plan_step]
	unplanned = [
		step
		for step in rules.steps
		if step.number not in planned and _first_due(rules, step, enrolment) <= rules.now
	]
	return next(iter(under_way + unplanned), None)


def _set_next_due(rules: DripRules, enrolment: Enrolment, planned: Collection[int]) -> None:
	"""Save when the next step is due: now, if one is due already."""
	times = {step.number: _first_due(rules, step, enrolment) for step in rules.steps}
	waiting = any(number not in planned and due <= rules.now for number, due in times.items())
	next_due = rules.now if waiting else calendar.next_due(times, planned, rules.now)
	ledger_store.set_next([enrolment.name], next_due)


def _first_due(rules: DripRules, step: DripStep, enrolment: Enrolment) -> int:
	"""Return when the first of the members may get a step, in Unix seconds."""
	return calendar.due(step, enrolment.start, rules.clocks, EARLIEST_ZONE)


def _read_slice(enrolment: Enrolment, excluding: Sequence[str], cursor: str) -> tuple[str, list[Candidate]]:
	"""Return where the next slice of the members ends, and those in it."""
	if enrolment.doctype == "Target List":
		candidates = members_store.read_slice([enrolment.record], excluding, int(cursor or 0))
		return str(candidates[-1].member) if candidates else cursor, candidates
	names = frappe.db.sql(
		"""SELECT name FROM `tabEmail Group Member`
		WHERE email_group = %s AND name > %s ORDER BY name LIMIT %s""",
		(enrolment.record, cursor, members_store.SLICE),
		pluck=True,
	)
	recipients = [Recipient(place, "", 0, "Email Group Member", name) for place, name in enumerate(names)]
	by_place = recipients_store.read_candidates(recipients, excluding) if recipients else {}
	return names[-1] if names else cursor, [by_place[place] for place in range(len(names))]


def _write_slice(rules: DripRules, step: DripStep, enrolment: Enrolment, candidates: list[Candidate]) -> None:
	if not candidates:
		return
	stream = Stream(enrolment.campaign, step.number, enrolment.sender)
	twins = ledger_store.find_twins(rules, enrolment.campaign, candidates)
	decisions, people = _decide(rules, step, enrolment, candidates, twins)
	# Without `send_after` a row may leave at once, and so from the end of an absence that is over.
	absences = {key: person.past.absent_until for key, person in people.items()}
	entries = [
		_entry(
			step,
			enrolment,
			decision,
			twins,
			max(_send_after(rules, step, enrolment, decision.candidate), absences.get(_key(decision), 0)),
		)
		for decision in decisions
	]
	ledger_store.write_entries({stream: entries})


def _entry(
	step: DripStep, enrolment: Enrolment, decision: Decision, twins: Twins | None, send_after: int
) -> LedgerEntry:
	candidate = decision.candidate
	reason = ledger_store.taken_steps(twins, enrolment, candidate.email).get(step.number)
	decision = decide.leave_to_twin(decision, reason or "")
	waits = WAITS_FOR_TWIN if reason is not None and not decision.reason else 0
	return LedgerEntry(decision, candidate.language, waits + send_after, source=enrolment.name)


def _decide(
	rules: DripRules,
	step: DripStep,
	enrolment: Enrolment,
	candidates: list[Candidate],
	twins: Twins | None,
) -> tuple[list[Decision], dict[tuple[str, str], Person]]:
	keys = wanted_keys(candidates, PER_ADDRESS, informational=rules.informational)
	taken = enqueue_store.taken_keys(enrolment.name, step.number, keys) if keys else ()
	decisions = member_rules.decide(candidates, PER_ADDRESS, taken, informational=rules.informational)
	pairs = [(enrolment, candidate) for candidate in candidates]
	by_enrolment = ledger_store.read_people(rules, pairs, twins)
	people = {(doctype, record): person for (_source, doctype, record), person in by_enrolment.items()}
	return decide.decide_members(rules, step, enrolment.start, decisions, people), people


def _key(decision: Decision) -> tuple[str, str]:
	return decision.candidate.doctype, decision.candidate.record


def _send_after(rules: DripRules, step: DripStep, enrolment: Enrolment, candidate: Candidate) -> int:
	if step.zone != RECIPIENTS:
		return 0
	return calendar.due(step, enrolment.start, rules.clocks, candidate.time_zone)
