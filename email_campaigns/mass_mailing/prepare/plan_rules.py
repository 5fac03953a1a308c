"""What the plan of a mailing must not say: times, rates, shares and languages that contradict themselves. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from email_campaigns.audience.chance import PERCENT_LIMIT
from email_campaigns.delivery.mailing.mailing import BY_RATE, LATER, NOW, SPREAD

LONGEST_SPREAD = 24 * 31  # hours
TOLERANCE = 120  # seconds between choosing “now” in a form and saving it
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)

Problem = tuple[str, str]  # the field's name and a sentence


@dataclass(frozen=True, slots=True)
class MailingPlan:
	"""What a form says. Times in Unix seconds, 0 where empty; `start_is_new` and `deadline_is_new` where just changed."""

	send_when: str = NOW
	start: int = 0
	start_is_new: bool = False
	deadline: int = 0
	deadline_is_new: bool = False
	pace: str = ""
	hourly_rate: int = 0
	spread_hours: int = 0
	domain_rates: Sequence[tuple[str, int]] = ()
	holdout_percent: float = 0
	languages: Sequence[str] = ()
	forced_language: str = ""


def problems_with_plan(plan: MailingPlan, now: int) -> Iterator[Problem]:
	"""Yield (field, sentence) for everything that is wrong with a plan at `now` (Unix seconds)."""
	yield from _of_times(plan, now)
	yield from _of_pace(plan)
	yield from problems_with_domain_rates(plan.domain_rates)
	if not 0 <= plan.holdout_percent < PERCENT_LIMIT:
		yield (
			"holdout_percent",
			"The hold-out group must be from 0 to below 100 %: someone has to get the mailing.",
		)
	yield from _of_languages(plan)


def _of_times(plan: MailingPlan, now: int) -> Iterator[Problem]:
	if plan.send_when == LATER and not plan.start:
		yield "start_date", "Say when the mailing starts."
	if plan.start_is_new and plan.start and plan.start < now - TOLERANCE:
		yield "start_date", "The start lies in the past."
	if plan.deadline and plan.start and plan.deadline <= plan.start:
		yield "deadline", "The deadline lies before the start."
	elif plan.deadline_is_new and 0 < plan.deadline <= now:
		yield "deadline", "The deadline lies in the past."


def _of_pace(plan: MailingPlan) -> Iterator[Problem]:
	if plan.pace == BY_RATE and plan.hourly_rate < 1:
		yield "hourly_rate", "At a rate of 0 no mail would ever leave. Name at least one mail an hour."
	if plan.pace == SPREAD and not 1 <= plan.spread_hours <= LONGEST_SPREAD:
		yield "spread_hours", f"A mailing can be spread over 1 to {LONGEST_SPREAD} hours."


def problems_with_domain_rates(rates: Sequence[tuple[str, int]]) -> Iterator[Problem]:
	"""Yield what is wrong with rates of domains, here and in the settings."""
	for domain, rate in rates:
		if not DOMAIN.fullmatch(domain):
			yield "domain_rates", f"“{domain}” is not a domain such as gmail.com."
		if rate < 1:
			yield (
				"domain_rates",
				f"At a rate of 0 no mail would ever leave to {domain}. Name at least one an hour.",
			)
	for domain, number in Counter(domain.lower() for domain, _rate in rates).items():
		if number > 1:
			yield "domain_rates", f"{domain} has more than one rate."


def _of_languages(plan: MailingPlan) -> Iterator[Problem]:
	for language, number in Counter(plan.languages).items():
		if number > 1:
			yield "language_versions", f"There is more than one version in {language}."
	if plan.forced_language and plan.forced_language not in plan.languages:
		yield (
			"forced_language",
			f"There is no version in {plan.forced_language}. Add one, or choose another language.",
		)
