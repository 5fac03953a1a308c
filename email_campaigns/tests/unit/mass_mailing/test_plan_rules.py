"""The plan of a form: each problem is named at its field, and nothing else is wrong."""

from dataclasses import replace

import pytest

from email_campaigns.delivery.mailing.mailing import BY_RATE, LATER, SPREAD
from email_campaigns.mass_mailing.prepare.plan_rules import MailingPlan, problems_with_plan

NOW = 1_800_000_000
HOUR = 3600


def fields(plan):
	return [field for field, _sentence in problems_with_plan(plan, NOW)]


def test_an_empty_plan_is_right():
	assert fields(MailingPlan()) == []


def test_a_whole_plan_is_right():
	plan = MailingPlan(
		send_when=LATER,
		start=NOW + HOUR,
		start_is_new=True,
		deadline=NOW + 2 * HOUR,
		deadline_is_new=True,
		pace=BY_RATE,
		hourly_rate=1,
		domain_rates=[("gmail.com", 100), ("web.de", 1)],
		holdout_percent=99.9,
		languages=["de", "pt-BR"],
		forced_language="de",
	)
	assert fields(plan) == []
	assert fields(replace(plan, pace=SPREAD, spread_hours=12)) == []


@pytest.mark.parametrize(
	("field", "plan"),
	[
		("start_date", MailingPlan(send_when=LATER)),
		("start_date", MailingPlan(send_when=LATER, start=NOW - HOUR, start_is_new=True)),
		("deadline", MailingPlan(start=NOW + HOUR, deadline=NOW + HOUR)),
		("deadline", MailingPlan(deadline=NOW, deadline_is_new=True)),
		("hourly_rate", MailingPlan(pace=BY_RATE)),
		("hourly_rate", MailingPlan(pace=BY_RATE, hourly_rate=-5)),
		("spread_hours", MailingPlan(pace=SPREAD)),
		("spread_hours", MailingPlan(pace=SPREAD, spread_hours=10_000)),
		("domain_rates", MailingPlan(domain_rates=[("gmail.com", 0)])),
		("domain_rates", MailingPlan(domain_rates=[("someone@gmail.com", 5)])),
		("domain_rates", MailingPlan(domain_rates=[("gmail.com", 5), ("GMAIL.com", 6)])),
		("holdout_percent", MailingPlan(holdout_percent=100)),
		("holdout_percent", MailingPlan(holdout_percent=-1)),
		("language_versions", MailingPlan(languages=["de", "de"])),
		("forced_language", MailingPlan(languages=["de"], forced_language="fr")),
	],
)
def test_a_problem_is_named_at_its_field(field, plan):
	assert fields(plan) == [field]


def test_a_start_that_has_passed_meanwhile_stands_in_nobodys_way():
	assert fields(MailingPlan(send_when=LATER, start=NOW - HOUR)) == []


def test_choosing_now_takes_a_moment_to_save():
	assert fields(MailingPlan(send_when=LATER, start=NOW - 60, start_is_new=True)) == []
