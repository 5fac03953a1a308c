"""The steps that ERPNext has sent: matched by template and day, then by text alone, then by day alone."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.erpnext.match import PlannedStep, SentMail, match_mails, passed_steps

DAY = lambda number: date(2026, 3, number)  # noqa: E731
STEPS = (
	PlannedStep(1, DAY(1), "A", "Hi"),
	PlannedStep(2, DAY(4), "B", "Ho"),
	PlannedStep(3, DAY(8), "A", "Hi"),
)


def test_a_mail_is_matched_by_template_and_day():
	assert match_mails(STEPS, [SentMail(DAY(8), "A")]) == {3: SentMail(DAY(8), "A")}
	assert match_mails(STEPS, [SentMail(DAY(1), "A"), SentMail(DAY(4), "B")]) == {
		1: SentMail(DAY(1), "A"),
		2: SentMail(DAY(4), "B"),
	}


def test_a_step_whose_day_was_changed_since_is_matched_by_its_template():
	assert match_mails(STEPS, [SentMail(DAY(2), "B")]) == {2: SentMail(DAY(2), "B")}
	assert match_mails(STEPS, [SentMail(DAY(3), "A")]) == {1: SentMail(DAY(3), "A")}, "the nearer of two"


def test_a_sure_match_comes_before_a_near_one():
	mails = [SentMail(DAY(2), "A"), SentMail(DAY(1), "A")]
	assert match_mails(STEPS, mails) == {1: SentMail(DAY(1), "A"), 3: SentMail(DAY(2), "A")}


def test_a_mail_without_a_template_is_matched_by_its_subject_and_then_by_its_day():
	assert match_mails(STEPS, [SentMail(DAY(5), "", "Ho")]) == {2: SentMail(DAY(5), "", "Ho")}
	assert match_mails(STEPS, [SentMail(DAY(4), "", "Dear Jo")]) == {2: SentMail(DAY(4), "", "Dear Jo")}
	assert match_mails(STEPS, [SentMail(DAY(5), "", "Dear Jo")]) == {}


def test_another_template_is_another_mail_even_on_the_day():
	assert match_mails(STEPS, [SentMail(DAY(4), "C")]) == {}


def test_a_step_without_a_mail_has_passed_from_the_next_day_on():
	assert passed_steps(STEPS, {1}, DAY(4)) == []
	assert passed_steps(STEPS, {1}, DAY(5)) == [2]
	assert passed_steps(STEPS, {}, DAY(9)) == [1, 2, 3]


DAYS = st.integers(1, 10).map(DAY)
TEXTS = st.sampled_from(["", "A", "B"])


@given(
	st.lists(
		st.builds(PlannedStep, st.integers(1, 6), DAYS, TEXTS, TEXTS), unique_by=lambda step: step.number
	),
	st.sets(st.builds(SentMail, DAYS, TEXTS, TEXTS)),
)
def test_no_mail_is_two_steps(steps, mails):
	mail_by_step = match_mails(steps, mails)
	assert len(set(mail_by_step.values())) == len(mail_by_step)
	assert set(mail_by_step.values()) <= mails
	assert set(mail_by_step) <= {step.number for step in steps}
