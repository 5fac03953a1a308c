"""The hold-out group: so many, always the same, and by address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.chance import hold_out
from email_campaigns.audience.decide import HELD_OUT, PER_ADDRESS, Candidate, decide

EVERYBODY = [f"reader{number}@example.com" for number in range(20_000)]


@pytest.mark.parametrize("percent", [0.1, 5, 33.3, 99.9])
def test_its_share_is_the_one_asked_for(percent):
	is_held_out = hold_out("a seed", percent)
	share = 100 * sum(map(is_held_out, EVERYBODY)) / len(EVERYBODY)
	assert share == pytest.approx(percent, abs=1)


def test_nobody_is_held_out_without_a_share():
	assert not any(map(hold_out("a seed", 0), EVERYBODY))


def test_it_can_be_shown_again_and_another_seed_draws_others():
	first, repeated, other = (set(filter(hold_out(seed, 10), EVERYBODY)) for seed in ("one", "one", "two"))
	assert first == repeated
	assert len(first & other) < 0.2 * len(first)


@given(st.floats(1, 90), st.floats(0, 9))
def test_a_larger_share_keeps_all_of_a_smaller_one(percent, more):
	smaller, larger = hold_out("seed", percent), hold_out("seed", percent + more)
	assert all(larger(email) for email in EVERYBODY[:300] if smaller(email))


@given(st.emails())
def test_an_address_belongs_to_it_however_it_is_written(email):
	is_held_out = hold_out("seed", 50)
	assert is_held_out(email) == is_held_out(email.upper())


def test_whoever_gets_nothing_anyway_is_not_counted_as_held_out():
	members = [
		Candidate(1, "L", "@a@x.org", "a@x.org", "C", "1"),
		Candidate(2, "L", "@b@x.org", "b@x.org", "C", "2", opted_out=True),
	]
	reasons = [decision.reason for decision in decide(members, PER_ADDRESS, (), held_out=lambda email: True)]
	assert reasons == [HELD_OUT, "Opted out on the record"]
