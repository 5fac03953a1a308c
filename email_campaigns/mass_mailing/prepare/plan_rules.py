"""Rules for the plan of a mailing: times, rates, shares and languages must agree. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from email_campaigns.audience.chance import PERCENT_LIMIT
from email_campaigns.bounds import MOST_PER_HOUR
from email_campaigns.delivery.mailing.mailing import BY_RATE, LATER, NOW, SPREAD
from email_campaigns.text import Sentence, _lt

LONGEST_SPREAD = 24 * 31  # hours
TOLERANCE = 120  # seconds between choosing “now” in a form and saving it
DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)

Problem = tuple[str, Sentence]  # the field's name and what is wrong with it


@dataclass(frozen=True, slots=True)
class MailingPlan:
	"""The plan that a form holds. Times are Unix seconds, 0 where empty.

	`start_is_new` and `deadline_is_new` say that the time has just been changed; `domain_rates` are (domain,
	mails an hour); `holdout_percent` is a share of the audience.
	"""

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
	yield from _problems_with_times(plan, now)
	yield from _problems_with_pace(plan)
	yield from problems_with_domain_rates(plan.domain_rates)
	if not 0 <= plan.holdout_percent < PERCENT_LIMIT:
		text = _lt("The hold-out group must be from 0 to below 100 %: someone has to get the mailing.")
		yield "holdout_percent", Sentence(text)
	yield from _problems_with_languages(plan)


def _problems_with_times(plan: MailingPlan, now: int) -> Iterator[Problem]:
	if plan.send_when == LATER and not plan.start:
		yield "start_date", Sentence(_lt("Say when the mailing starts."))
	if plan.start_is_new and plan.start and plan.start < now - TOLERANCE:
		yield "start_date", Sentence(_lt("The start lies in the past."))
	if plan.deadline and plan.start and plan.deadline <= plan.start:
		yield "deadline", Sentence(_lt("The deadline lies before the start."))
	elif plan.deadline_is_new and 0 < plan.deadline <= now:
		yield "deadline", Sentence(_lt("The deadline lies in the past."))


def _problems_with_pace(plan: MailingPlan) -> Iterator[Problem]:
	if plan.pace == BY_RATE and plan.hourly_rate < 1:
		text = _lt("At a rate of 0 no mail would ever leave. Name at least one mail an hour.")
		yield "hourly_rate", Sentence(text)
	if plan.pace == BY_RATE and plan.hourly_rate > MOST_PER_HOUR:
		yield "hourly_rate", Sentence(_lt("A rate can be up to {0} mails an hour."), MOST_PER_HOUR)
	if plan.pace == SPREAD and not 1 <= plan.spread_hours <= LONGEST_SPREAD:
		text = _lt("A mailing can be spread over 1 to {0} hours.")
		yield "spread_hours", Sentence(text, LONGEST_SPREAD)


def problems_with_domain_rates(rates: Sequence[tuple[str, int]]) -> Iterator[Problem]:
	"""Yield (field, sentence) for everything that is wrong with rates, each (domain, mails an hour)."""
	for domain, rate in rates:
		if not DOMAIN.fullmatch(domain):
			yield "domain_rates", Sentence(_lt("“{0}” is not a domain such as gmail.com."), domain)
		if rate < 1:
			text = _lt("At a rate of 0 no mail would ever leave to {0}. Name at least one an hour.")
			yield "domain_rates", Sentence(text, domain)
		if rate > MOST_PER_HOUR:
			text = _lt("The rate of {0} can be up to {1} mails an hour.")
			yield "domain_rates", Sentence(text, domain, MOST_PER_HOUR)
	for domain, number in Counter(domain.lower() for domain, _rate in rates).items():
		if number > 1:
			yield "domain_rates", Sentence(_lt("{0} has more than one rate."), domain)


def _problems_with_languages(plan: MailingPlan) -> Iterator[Problem]:
	for language, number in Counter(plan.languages).items():
		if number > 1:
			text = _lt("There is more than one version in {0}.")
			yield "language_versions", Sentence(text, language)
	if plan.forced_language and plan.forced_language not in plan.languages:
		text = _lt("There is no version in {0}. Add one, or choose another language.")
		yield "forced_language", Sentence(text, plan.forced_language)
