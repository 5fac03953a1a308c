"""Decisions of a drip sequence: the steps that a person gets, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from email_campaigns.audience.decide import (
	OPT_OUTS,
	PER_ADDRESS,
	UNSUBSCRIBED,
	Candidate,
	Decision,
	dedupe_key,
	exclusion,
)
from email_campaigns.schedule import drip
from email_campaigns.schedule.drip import Clocks, DripStep
from email_campaigns.text import _lt

# Reasons, as the ledger stores them.
REPLIED = _lt("Replied")
NO_MEMBERS = _lt("The group has no members")
MISSED = _lt("Missed: the scheduler stood still on its day and longer than the catch-up days")


@dataclass(frozen=True, slots=True)
class PastMails:
	"""What a person has done with the earlier mails of the same enrolment, and of its twins.

	`absent_until` is the end of the absence that an automatic answer named, in Unix seconds, 0 without one.
	"""

	opened: bool = False
	clicked: bool = False
	replied: bool = False
	absent_until: int = 0

	def __or__(self, other: PastMails) -> PastMails:
		"""Return what was done with either's mails."""
		return PastMails(
			self.opened or other.opened,
			self.clicked or other.clicked,
			self.replied or other.replied,
			max(self.absent_until, other.absent_until),
		)


NOBODYS: Mapping[int, str] = MappingProxyType({})  # no step is a twin's

# {condition of a step: (field of PastMails, the value that it needs, the reason where it has another)}
CONDITIONS = {
	"Only if not replied": ("replied", False, _lt("Only if not replied, and there is a reply")),
	"Only if opened": ("opened", True, _lt("Only if opened, and no earlier mail was")),
	"Only if not opened": ("opened", False, _lt("Only if not opened, and an earlier mail was")),
	"Only if clicked": ("clicked", True, _lt("Only if clicked, and no link of an earlier mail was")),
	"Only if not clicked": ("clicked", False, _lt("Only if not clicked, and a link of an earlier mail was")),
}


@dataclass(frozen=True, slots=True)
class DripRules:
	"""The rules of one campaign at one moment; `now` in Unix seconds, `catch_up` in days.

	With `per_address` an address gets each step once, whatever enrolments of the campaign mail it.
	"""

	steps: tuple[DripStep, ...]
	clocks: Clocks
	now: int
	catch_up: int
	informational: bool = False
	stops_on_reply: bool = False
	per_address: bool = False


@dataclass(frozen=True, slots=True)
class Person:
	"""A recipient of the steps. `unsubscribed` is from this sequence alone, or from a twin of it.

	`held_until` is the end of the absence that the enrolment waits for, in Unix seconds, 0 without one.
	"""

	candidate: Candidate
	past: PastMails = PastMails()
	unsubscribed: bool = False
	held_until: int = 0


def skip_reason(rules: DripRules, step: DripStep, due: int, person: Person) -> str:
	"""Return why a person does not get a step that is due at `due` (Unix seconds), "" where they do."""
	checks = (
		(NO_MEMBERS, not person.candidate.doctype),
		(exclusion(person.candidate, informational=rules.informational), True),
		(UNSUBSCRIBED, person.unsubscribed and not rules.informational),
		(REPLIED, rules.stops_on_reply and person.past.replied),
		(MISSED, drip.is_missed(max(due, person.past.absent_until), rules.now, rules.catch_up)),
		(_unmet_condition(step, person.past), True),
	)
	return next((reason for reason, applies in checks if reason and applies), "")


def _unmet_condition(step: DripStep, past: PastMails) -> str:
	if step.send_if not in CONDITIONS:
		return ""
	field, wanted, reason = CONDITIONS[step.send_if]
	return "" if getattr(past, field) == wanted else reason


@dataclass(frozen=True, slots=True)
class DripPlan:
	"""The plan of one person: {number of a step: decision}, and when something is due next (Unix seconds, 0
	never).

	The steps that are `waiting` leave only if those of a twin do not.
	"""

	steps: Mapping[int, Decision]
	next_due: int
	waiting: frozenset[int] = frozenset()

	@property
	def leaving(self) -> list[int]:
		"""The numbers of the steps that leave, or may leave."""
		return [step for step, decision in self.steps.items() if not decision.reason]

	@property
	def opt_out(self) -> str:
		"""The first reason that is an opt-out, "" without one: it ends the sequence."""
		reasons = (decision.reason for decision in self.steps.values())
		return next((reason for reason in reasons if reason in OPT_OUTS), "")


def plan_person(
	rules: DripRules, start: date, person: Person, done: Collection[int], taken: Mapping[int, str] = NOBODYS
) -> DripPlan:
	"""Decide on the steps that are due and not `done` (numbers of steps), for a person enrolled from `start`
	on.

	`taken` has the steps that a twin has: {step: the reason, "" while that one's mail is still to leave}.
	A person who is held waits with all steps. What was due meanwhile is caught up then.
	"""
	if rules.now < person.held_until:
		return DripPlan({}, person.held_until)
	past = replace(person.past, absent_until=max(person.past.absent_until, person.held_until))
	person = replace(person, past=past)
	zone = person.candidate.time_zone
	times = {step.number: drip.due(step, start, rules.clocks, zone) for step in rules.steps}
	decisions = {
		step.number: _decision(
			person.candidate,
			skip_reason(rules, step, times[step.number], person) or taken.get(step.number, ""),
		)
		for step in rules.steps
		if step.number not in done and times[step.number] <= rules.now
	}
	plan = DripPlan(decisions, drip.next_due(times, done, rules.now))
	return replace(plan, waiting=frozenset(taken.keys() & set(plan.leaving)))


def _decision(candidate: Candidate, reason: str) -> Decision:
	return Decision(candidate, "s:" if reason else dedupe_key(candidate, PER_ADDRESS), reason)


def decide_members(
	rules: DripRules,
	step: DripStep,
	start: date,
	decisions: Iterable[Decision],
	people: Mapping[tuple[str, str], Person],
) -> list[Decision]:
	"""Return the decisions on members of a group with the conditions of this step added.

	`people` is {(doctype, record): person}, because a Contact and a User may have one name. `start` is the
	start date of the enrolment.
	"""
	checked = []
	for decision in decisions:
		candidate = decision.candidate
		due = drip.due(step, start, rules.clocks, candidate.time_zone)
		reason = skip_reason(rules, step, due, people[candidate.doctype, candidate.record]) or decision.reason
		checked.append(_skipped(candidate, reason) if reason else decision)
	return checked


def leave_to_twin(decision: Decision, reason: str) -> Decision:
	"""Return a decision on a member of a group where a twin has the step, for `reason` ("" for none)."""
	return decision if decision.reason or not reason else _skipped(decision.candidate, reason)


def _skipped(candidate: Candidate, reason: str) -> Decision:
	# The member of a list has a number; members of an Email Group are of one doctype.
	return Decision(candidate, f"s:{candidate.member or candidate.record}", reason)
