"""Rules for the form of an A/B test, and the test's part of the check list. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from email_campaigns.delivery.mailing.mailing import REST, ABTest, Mailing
from email_campaigns.mass_mailing.ab_versions import BY_HAND, CLICKS, KINDS, LABELS, OPENS
from email_campaigns.mass_mailing.prepare.checks import ERROR, OK, WARNING, Finding
from email_campaigns.mass_mailing.prepare.plan_rules import Problem
from email_campaigns.schedule.limits import HOUR
from email_campaigns.text import Sentence, _lt

LONGEST = 24 * 31  # hours until the winner is chosen
FEW = 100  # mails of a version, with which hardly any difference can be distinguished from chance


@dataclass(frozen=True, slots=True)
class ABPlan:
	"""The test that a form holds: `rows` are (subject, template) of the versions beside A.

	`percent` is the share in the test, `hours` the time until the winner is chosen; times are Unix seconds, 0
	where empty.
	"""

	rows: Sequence[tuple[str, str]] = ()
	template: str = ""
	percent: float = 0
	winner_by: str = ""
	hours: int = 0
	forced_language: str = ""
	start: int = 0
	deadline: int = 0


def problems_with_ab_test(plan: ABPlan) -> Iterator[Problem]:
	"""Yield (field, sentence) for everything that is wrong with a form's test, if it has one."""
	if not plan.rows:
		return
	yield from _problems_with_versions(plan)
	if not 0 < plan.percent <= 100:
		yield "ab_percent", Sentence(_lt("The share in the test must be above 0 and at most 100 %."))
	if plan.winner_by not in (*KINDS, BY_HAND):
		yield "ab_winner_by", Sentence(_lt("Say by what the winner is chosen."))
	elif plan.winner_by != BY_HAND:
		yield from _problems_with_time(plan)
	if plan.forced_language:
		text = _lt(
			"Everybody gets the same language version, so there is nothing to compare."
			" Choose the recipient's language, or remove the versions."
		)
		yield "ab_versions", Sentence(text)


def _problems_with_versions(plan: ABPlan) -> Iterator[Problem]:
	if len(plan.rows) >= len(LABELS):
		text = _lt("An A/B test has at most four versions: the mailing itself and three more.")
		yield "ab_versions", Sentence(text)
	seen = {("", plan.template)}
	for subject, template in plan.rows:
		if not (subject or template):
			yield "ab_versions", Sentence(_lt("Each version needs a subject or a template of its own."))
		elif (subject, template or plan.template) in seen:
			yield "ab_versions", Sentence(_lt("Two versions are the same, so there is nothing to compare."))
		seen.add((subject, template or plan.template))


def _problems_with_time(plan: ABPlan) -> Iterator[Problem]:
	if not 1 <= plan.hours <= LONGEST:
		yield "ab_hours", Sentence(_lt("The winner can be chosen after 1 to {0} hours."), LONGEST)
	elif plan.start and 0 < plan.deadline <= plan.start + plan.hours * HOUR:
		text = _lt(
			"The deadline lies before the winner can be chosen,"
			" so the rest of the recipients would get nothing."
		)
		yield "deadline", Sentence(text)


def ab_test_findings(
	mailing: Mailing, versions: Mapping[str, int] | None, winner_at: int = 0
) -> Iterator[Finding]:
	"""Yield the findings on the test of a mailing before it goes; there are none where it has no test.

	`versions` are the numbers of mails by version, None where they are not counted; `winner_at` is when the
	winner can be chosen at the earliest (Unix seconds), 0 where that is not known.
	"""
	if not mailing.ab_test:
		return
	yield from _winner_findings(mailing, mailing.ab_test.winner_by)
	if versions is not None:
		yield from _number_findings(mailing.ab_test, versions)
	if mailing.cc_fields:
		text = _lt("Copies (CC) go to the same person in several versions, who can compare them.")
		yield Finding(WARNING, Sentence(text))
	yield from _deadline_findings(mailing.deadline, mailing.ab_test.winner_by, winner_at)


def _deadline_findings(deadline: int, winner_by: str, winner_at: int) -> Iterator[Finding]:
	if deadline and winner_by == BY_HAND:
		text = _lt(
			"The rest of the recipients gets nothing, unless somebody chooses a version before the deadline."
		)
		yield Finding(WARNING, Sentence(text))
	elif 0 < deadline <= winner_at:
		text = _lt(
			"The deadline lies before the winner is chosen, so the rest of the recipients would get nothing."
		)
		yield Finding(ERROR, Sentence(text))


def _winner_findings(mailing: Mailing, winner_by: str) -> Iterator[Finding]:
	if winner_by in (OPENS, CLICKS) and mailing.informational:
		text = _lt("Informational mail is not tracked, so the winner can't be chosen by opens or clicks.")
		yield Finding(ERROR, Sentence(text))
	elif winner_by == OPENS and not mailing.track_opens:
		text = _lt("The winner is chosen by opens, and opens are not tracked.")
		yield Finding(ERROR, Sentence(text))
	elif winner_by == CLICKS and not mailing.track_links:
		text = _lt("The winner is chosen by clicks, and only links that the template names are tracked.")
		yield Finding(WARNING, Sentence(text))


def _number_findings(test: ABTest, versions: Mapping[str, int]) -> Iterator[Finding]:
	numbers = {label: versions.get(label, 0) for label in test.labels}
	listed = ", ".join(f"{label}: {number}" for label, number in numbers.items())
	if min(numbers.values()) < FEW:
		text = _lt(
			"The versions of the test get so few mails that a difference can hardly be told from chance: {0}."
		)
		yield Finding(WARNING, Sentence(text, listed))
	else:
		text = _lt("Mails of the test: {0}. The rest, which gets the version that did best: {1}.")
		yield Finding(OK, Sentence(text, listed, versions.get(REST, 0)))
