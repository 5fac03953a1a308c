"""The calendar of drip sequences: due times, catching up, statuses; and who gets which step."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.decide import Candidate
from email_campaigns.drip import decide
from email_campaigns.drip.decide import DripRules, PastMails, Person
from email_campaigns.schedule import drip
from email_campaigns.schedule.clock import to_epoch
from email_campaigns.schedule.drip import COMPLETED, DAY, IN_PROGRESS, RECIPIENTS, SCHEDULED, Clocks, DripStep

START = date(2026, 3, 1)
PARIS = Clocks("Europe/Paris", 9)
dates = st.dates(date(2000, 1, 1), date(2100, 1, 1))
days = st.integers(0, 400)


def at(day: int, hour: int, zone: str = "Europe/Paris") -> int:
	return to_epoch(datetime.combine(START + timedelta(days=day), time(hour)), zone)


class TestDates:
	@given(dates, st.lists(days, min_size=1))
	def test_the_end_is_the_day_of_the_last_step(self, start, all_days):
		steps = [DripStep(number, day, "T") for number, day in enumerate(all_days)]
		assert drip.end_date(start, steps) == start + timedelta(days=max(all_days))

	@given(dates, dates, days)
	def test_the_status_is_erpnexts(self, today, start, length):
		end = start + timedelta(days=length)
		expected = SCHEDULED if start > today else COMPLETED if end < today else IN_PROGRESS
		assert drip.status_on(today, start, end) == expected

	def test_an_empty_schedule_ends_where_it_starts(self):
		assert drip.end_date(START, []) == START


class TestDue:
	def test_a_step_without_a_time_takes_the_default_hour_of_the_site(self):
		assert drip.due(DripStep(1, 2, "T"), START, PARIS) == at(2, 9)

	def test_a_step_has_its_own_time_and_zone(self):
		step = DripStep(1, 2, "T", at=time(15), zone="America/New_York")
		assert drip.due(step, START, PARIS) == at(2, 15, "America/New_York")

	def test_a_recipients_zone_counts_where_it_is_known(self):
		step = DripStep(1, 0, "T", at=time(8), zone=RECIPIENTS)
		assert drip.due(step, START, PARIS, "Asia/Tokyo") == at(0, 8, "Asia/Tokyo")
		assert drip.due(step, START, PARIS, "") == at(0, 8)
		assert drip.due(step, START, PARIS, "Mars/Olympus") == at(0, 8)

	@given(dates, days, st.integers(0, 23))
	def test_later_steps_are_due_later_also_where_clocks_change(self, start, day, hour):
		clocks = Clocks("Europe/Paris", hour)
		first, second = (drip.due(DripStep(1, day + more, "T"), start, clocks) for more in (0, 1))
		assert 23 * 3600 <= second - first <= 25 * 3600

	@given(st.integers(0, 30), st.integers(0, 10**6))
	def test_a_step_is_caught_up_as_long_as_the_settings_allow(self, allowed, late):
		assert drip.is_missed(10**9, 10**9 + late, allowed) == (late > (allowed + 1) * DAY)

	@given(
		st.dictionaries(st.integers(1, 20), st.integers(1, 1000)),
		st.sets(st.integers(1, 20)),
		st.integers(1, 1000),
	)
	def test_the_next_time_is_the_first_that_is_still_to_come(self, times, done, now):
		next_due = drip.next_due(times, done, now)
		waiting = [when for number, when in times.items() if number not in done and when > now]
		assert next_due == (min(waiting) if waiting else 0)


class TestTimeOfDay:
	@pytest.mark.parametrize(
		("text", "moment"),
		[("9", time(9)), ("9:30", time(9, 30)), ("21:05:00", time(21, 5)), ("", None), (" ", None)],
	)
	def test_a_time_of_day_is_read_as_people_write_it(self, text, moment):
		assert drip.time_of_day(text) == moment

	@pytest.mark.parametrize("text", ["24", "9:60", "nine", "-1", "9.30"])
	def test_a_text_that_is_no_time_of_day_is_refused(self, text):
		with pytest.raises(ValueError, match="is no time of day"):
			drip.time_of_day(text)


def somebody(**values):
	facts = {"email": "jo@example.org", "doctype": "Contact", "record": "Jo", **values}
	return Candidate(0, "", "contact:Jo", **facts)


def rules(*steps, now, **values):
	return DripRules(steps, PARIS, now, 3, **values)


class TestPlan:
	STEPS = (DripStep(1, 0, "A"), DripStep(2, 2, "B"), DripStep(3, 4, "C"))

	def plan(self, now, done=(), person=None, **values):
		person_plan = decide.plan_person(
			rules(*self.STEPS, now=now, **values), START, person or Person(somebody()), done
		)
		return {
			number: decision.reason for number, decision in person_plan.steps.items()
		}, person_plan.next_due

	def test_only_what_is_due_and_not_done_is_planned(self):
		assert self.plan(at(0, 8)) == ({}, at(0, 9))
		assert self.plan(at(2, 9)) == ({1: "", 2: ""}, at(4, 9))
		assert self.plan(at(2, 9), done={1}) == ({2: ""}, at(4, 9))
		assert self.plan(at(4, 9), done={1, 2}) == ({3: ""}, 0)

	def test_a_step_that_is_too_late_is_skipped_and_says_so(self):
		assert self.plan(at(4, 10)) == ({1: decide.MISSED, 2: "", 3: ""}, 0)

	@given(st.lists(st.integers(0, 24 * 10), min_size=1))
	def test_every_step_is_decided_once_whenever_the_scheduler_runs(self, hours):
		done, seen = set(), []
		for hour in [*sorted(hours), 24 * 10]:
			planned, _next = self.plan(at(0, 0) + hour * 3600, done)
			seen += planned
			done |= set(planned)
		assert sorted(seen) == [1, 2, 3]

	@pytest.mark.parametrize(
		("person", "reason"),
		[
			(Person(somebody(record_missing=True)), "The record no longer exists"),
			(Person(somebody(email="")), "No valid address"),
			(Person(somebody(suppressed="Hard Bounce")), "Suppressed: Hard Bounce"),
			(Person(somebody(opted_out=True)), "Opted out on the record"),
			(Person(somebody(), unsubscribed=True), "Unsubscribed"),
			(Person(somebody(disabled=True)), "The record is disabled"),
			(Person(somebody(), PastMails(replied=True)), decide.REPLIED),
		],
	)
	def test_a_person_who_gets_nothing_has_one_reason(self, person, reason):
		assert self.plan(at(0, 9), person=person, stops_on_reply=True)[0] == {1: reason}

	def test_a_step_that_a_twin_has_is_skipped_or_waits(self):
		plan = decide.plan_person(
			rules(*self.STEPS, now=at(4, 9)), START, Person(somebody()), {1}, {2: "By another", 3: ""}
		)
		assert {number: decision.reason for number, decision in plan.steps.items()} == {
			2: "By another",
			3: "",
		}
		assert (plan.waiting, plan.leaving) == ({3}, [3])

	def test_a_step_that_is_skipped_anyway_waits_for_nobody(self):
		person = Person(somebody(email=""))
		plan = decide.plan_person(rules(*self.STEPS, now=at(0, 9)), START, person, (), {1: ""})
		assert plan.waiting == frozenset()

	def test_informational_steps_ignore_opt_outs(self):
		person = Person(somebody(opted_out=True, suppressed="Unsubscribed"), unsubscribed=True)
		assert self.plan(at(0, 9), person=person, informational=True)[0] == {1: ""}

	def test_every_condition_that_the_form_offers_is_known(self):
		path = (
			Path(decide.__file__).parents[1]
			/ "email_campaigns/doctype/campaign_email_schedule/campaign_email_schedule.json"
		)
		fields = {field["fieldname"]: field for field in json.loads(path.read_text())["fields"]}
		assert fields["send_if"]["options"].split("\n") == ["", *decide.CONDITIONS]
