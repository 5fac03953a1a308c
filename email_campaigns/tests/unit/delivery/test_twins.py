"""Which steps of an address another enrolment has, and which of several that wait goes on."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.ledger.twins import ARRIVED, OPEN, Taken, TwinMail, taken_steps, twins_of

MADE = datetime(2026, 3, 1, 9)
STATUSES = [*OPEN, *ARRIVED, "Failed", "Skipped", "Expired", "Cancelled"]


def mail(number=1, status="Sent", *, source="A", running=True, latest=MADE):
	return TwinMail(number, source, 1, status, running, latest)


def test_the_own_mails_of_an_enrolment_are_no_twins():
	assert twins_of([mail(source="A"), mail(source="B")], "A", MADE) == [mail(source="B")]


def test_mails_of_a_sequence_that_had_ended_before_count_no_more():
	before, after = MADE - timedelta(days=1), MADE + timedelta(days=1)
	ended = [mail(running=False, latest=before), mail(running=False, latest=after)]
	assert twins_of(ended, "B", MADE) == ended[1:]
	assert twins_of([mail(running=True, latest=before)], "B", MADE)


def test_a_step_that_was_sent_is_taken_and_one_that_is_open_is_waited_for():
	assert taken_steps([mail(status="Sent")]) == {1: Taken("A", waiting=False)}
	assert taken_steps([mail(status="Uncertain")]) == {1: Taken("A", waiting=False)}
	assert taken_steps([mail(status="Sending")]) == {1: Taken("A", waiting=True)}
	both = [mail(1, "Queued", source="A"), mail(2, "Sent", source="B")]
	assert taken_steps(both) == {1: Taken("B", waiting=False)}, "one that was sent is surer"


def test_a_mail_that_will_not_leave_keeps_nobody_from_the_step():
	for status in ("Failed", "Skipped", "Expired", "Cancelled"):
		assert taken_steps([mail(status=status)]) == {}


@given(st.lists(st.sampled_from(STATUSES), min_size=2))
def test_of_those_that_wait_for_each_other_exactly_the_eldest_goes_on_unless_one_has_arrived(statuses):
	mails = [mail(number, status, source=str(number)) for number, status in enumerate(statuses, 1)]
	open_ones = [twin for twin in mails if twin.status in OPEN]
	goes_on = [
		twin for twin in open_ones if not taken_steps(twins_of(mails, twin.source, MADE), before=twin.number)
	]
	arrived = any(twin.status in ARRIVED for twin in mails)
	assert goes_on == ([] if arrived else open_ones[:1])
