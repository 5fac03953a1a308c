"""Which steps of a drip sequence a person gets, and why not the others. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from email_campaigns.audience.decide import (
	OPTED_OUT,
	PER_ADDRESS,
	UNSUBSCRIBED,
	Candidate,
	Decision,
	dedupe_key,
	exclusion,
)
from email_campaigns.schedule import drip
from email_campaigns.schedule.drip import Clocks, DripStep

DISABLED = "The record is disabled"
REPLIED = "Replied"
NO_MEMBERS = "The group has no members"
MISSED = "Missed: the scheduler stood still on its day and longer than the catch-up days"
LEFT = (UNSUBSCRIBED, OPTED_OUT)


@dataclass(frozen=True, slots=True)
class PastMails:
	"""What a person has done with the earlier mails of the same enrolment."""

	opened: bool = False
	clicked: bool = False
	replied: bool = False


# {condition of a step: (what it looks at, what that must be, reason where it is not)}
CONDITIONS = {
	"Only if not replied": ("replied", False, "Only if not replied, and there is a reply"),
	"Only if opened": ("opened", True, "Only if opened, and no earlier mail was"),
	"Only if not opened": ("opened", False, "Only if not opened, and an earlier mail was"),
	"Only if clicked": ("clicked", True, "Only if clicked, and no link of an earlier mail was"),
	"Only if not clicked": ("clicked", False, "Only if not clicked, and a link of an earlier mail was"),
}


@dataclass(frozen=True, slots=True)
class DripRules:
	"""What holds for all of one campaign at one moment; `now` in Unix seconds, `catch_up` in days."""

	steps: tuple[DripStep, ...]
	clocks: Clocks
	now: int
	catch_up: int
	informational: bool = False
	stops_on_reply: bool = False


@dataclass(frozen=True, slots=True)
class Person:
	"""Whoever gets the steps: `left` tells that they have left this sequence, `disabled` that their record is."""

	candidate: Candidate
	past: PastMails = PastMails()
	left: bool = False
	disabled: bool = False


def skip_reason(rules: DripRules, step: DripStep, due: int, person: Person) -> str:
	"""Return why a person does not get a step that is due, "" where they do."""
	looks_at, wanted, told = CONDITIONS.get(step.send_if, ("", None, ""))
	checks = (
		(NO_MEMBERS, not person.candidate.doctype),
		(exclusion(person.candidate, informational=rules.informational), True),
		(UNSUBSCRIBED, person.left and not rules.informational),
		(DISABLED, person.disabled),
		(REPLIED, rules.stops_on_reply and person.past.replied),
		(MISSED, drip.is_missed(due, rules.now, rules.catch_up)),
		(told, bool(looks_at) and getattr(person.past, looks_at or "opened") != wanted),
	)
	return next((told for told, applies in checks if told and applies), "")


@dataclass(frozen=True, slots=True)
class DripPlan:
	"""What one person gets now: a decision a step, and when there is something to do again (Unix seconds, 0 never)."""

	steps: Mapping[int, Decision]
	next_due: int

	@property
	def left(self) -> bool:
		return any(decision.reason in LEFT for decision in self.steps.values())


def plan_person(rules: DripRules, start: date, person: Person, done: Collection[int]) -> DripPlan:
	"""Decide upon the steps that are due and not `done` (numbers of steps), for an enrolment of one person."""
	zone = person.candidate.time_zone
	times = {step.number: drip.due(step, start, rules.clocks, zone) for step in rules.steps}
	found = {
		step.number: _decision(person.candidate, skip_reason(rules, step, times[step.number], person))
		for step in rules.steps
		if step.number not in done and times[step.number] <= rules.now
	}
	return DripPlan(found, drip.next_due(times, done, rules.now))


def _decision(candidate: Candidate, why: str) -> Decision:
	return Decision(candidate, "s:" if why else dedupe_key(candidate, PER_ADDRESS), why)


def decide_members(
	rules: DripRules, step: DripStep, start: date, decisions: Iterable[Decision], people: Mapping[str, Person]
) -> list[Decision]:
	"""Return the decisions over members of a group with what this step alone asks of them; `people` by their record."""
	found = []
	for decision in decisions:
		who = decision.candidate
		due = drip.due(step, start, rules.clocks, who.time_zone)
		why = skip_reason(rules, step, due, people[who.record]) or decision.reason
		found.append(Decision(who, f"s:{who.record}", why) if why else decision)
	return found
