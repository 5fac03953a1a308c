"""What an A/B test must not say, and what to think of before it goes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from email_campaigns.delivery.mailing.mailing import REST, ABTest
from email_campaigns.mass_mailing.ab_versions import BY_HAND, CLICKS, KINDS, LABELS, OPENS
from email_campaigns.mass_mailing.prepare.checks import ERROR, OK, WARNING, Finding
from email_campaigns.mass_mailing.prepare.plan_rules import Problem
from email_campaigns.schedule.limits import HOUR

LONGEST = 24 * 31  # hours until the winner is chosen
FEW = 100  # mails of a version, of which hardly any difference can be told from chance


@dataclass(frozen=True, slots=True)
class ABPlan:
	"""What a form says: `rows` are (subject, template) of the versions beside A, times are Unix seconds, 0 where empty."""

	rows: Sequence[tuple[str, str]] = ()
	template: str = ""
	percent: float = 0
	winner_by: str = ""
	hours: int = 0
	forced_language: str = ""
	start: int = 0
	deadline: int = 0


def problems_with_ab_test(plan: ABPlan) -> Iterator[Problem]:
	"""Yield (field, sentence) for everything that is wrong with the test of a form; a form without versions has none."""
	if not plan.rows:
		return
	yield from _of_versions(plan)
	if not 0 < plan.percent <= 100:
		yield "ab_percent", "The share in the test must be above 0 and at most 100 %."
	if plan.winner_by not in (*KINDS, BY_HAND):
		yield "ab_winner_by", "Say by what the winner is chosen."
	elif plan.winner_by != BY_HAND:
		yield from _of_time(plan)
	if plan.forced_language:
		yield (
			"ab_versions",
			"Everybody gets the same language version, so there is nothing to compare. Choose the recipient's language, or remove the versions.",
		)


def _of_versions(plan: ABPlan) -> Iterator[Problem]:
	if len(plan.rows) >= len(LABELS):
		yield "ab_versions", "An A/B test has at most four versions: the mailing itself and three more."
	seen = {("", plan.template)}
	for subject, template in plan.rows:
		if not (subject or template):
			yield "ab_versions", "Each version needs a subject or a template of its own."
		elif (subject, template or plan.template) in seen:
			yield "ab_versions", "Two versions are the same, so there is nothing to compare."
		seen.add((subject, template or plan.template))


def _of_time(plan: ABPlan) -> Iterator[Problem]:
	if not 1 <= plan.hours <= LONGEST:
		yield "ab_hours", f"The winner can be chosen after 1 to {LONGEST} hours."
	elif plan.start and 0 < plan.deadline <= plan.start + plan.hours * HOUR:
		yield (
			"deadline",
			"The deadline lies before the winner can be chosen, so the rest of the recipients would get nothing.",
		)


def ab_test_findings(
	test: ABTest,
	versions: Mapping[str, int] | None,
	*,
	informational: bool,
	tracks_opens: bool,
	tracks_links: bool,
	copies: bool,
	ends: int = 0,
	deadline: int = 0,
) -> Iterator[Finding]:
	"""Yield what there is to say of a test before it goes.

	`versions` are the numbers of mails by version, None where they are not counted; `informational` that the
	campaign's mail is not tracked at all, `tracks_opens` and `tracks_links` that this mailing's is, `copies` that it has CC; `ends` is when the winner can be chosen
	at the earliest and `deadline` the mailing's, in Unix seconds, 0 where there is none.
	"""
	yield from _of_winner(test.winner_by, informational, tracks_opens, tracks_links)
	if versions is not None:
		yield from _of_numbers(test, versions)
	if copies:
		yield Finding(WARNING, "Copies (CC) go to the same person in several versions, who can compare them.")
	if deadline and test.winner_by == BY_HAND:
		yield Finding(
			WARNING,
			"The rest of the recipients gets nothing, unless somebody chooses a version before the deadline.",
		)
	elif 0 < deadline <= ends:
		text = (
			"The deadline lies before the winner is chosen, so the rest of the recipients would get nothing."
		)
		yield Finding(ERROR, text)


def _of_winner(
	winner_by: str, informational: bool, tracks_opens: bool, tracks_links: bool
) -> Iterator[Finding]:
	if winner_by in (OPENS, CLICKS) and informational:
		yield Finding(
			ERROR, "Informational mail is not tracked, so the winner can't be chosen by opens or clicks."
		)
	elif winner_by == OPENS and not tracks_opens:
		yield Finding(ERROR, "The winner is chosen by opens, and opens are not tracked.")
	elif winner_by == CLICKS and not tracks_links:
		text = "The winner is chosen by clicks, and only links that the template names are tracked."
		yield Finding(WARNING, text)


def _of_numbers(test: ABTest, versions: Mapping[str, int]) -> Iterator[Finding]:
	numbers = {label: versions.get(label, 0) for label in test.labels}
	told = ", ".join(f"{label}: {number}" for label, number in numbers.items())
	if min(numbers.values()) < FEW:
		text = (
			"The versions of the test get so few mails that a difference can hardly be told from chance: {0}."
		)
		yield Finding(WARNING, text, (told,))
	else:
		text = "Mails of the test: {0}. The rest, which gets the version that did best: {1}."
		yield Finding(OK, text, (told, versions.get(REST, 0)))
