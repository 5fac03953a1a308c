"""The rules of sending again: which mails may be, and why the others may not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.decide import (
	DUPLICATE_ADDRESS,
	DUPLICATE_RECORD,
	HELD_OUT,
	PER_ADDRESS,
	PER_RECORD,
	Candidate,
)
from email_campaigns.mass_mailing.resend import resend
from email_campaigns.mass_mailing.resend.resend import (
	LedgerRow,
	ResendRules,
	plan_requeue,
	resend_hindrance,
	resend_refusal,
)

NOW = 1_700_000_000
FINE = {"status": "Complete", "frozen": True, "deadline": 0, "campaign": "Active", "epoch": NOW}


def row(status="Failed", name=1, email="a@x.org", **values):
	fields = {"reason": "", "target_list": "L", "member": name, "doctype": "Contact", "record": str(name)}
	return LedgerRow(
		name=name, status=status, email=email, language="", dedupe_key=f"a:{email}", **(fields | values)
	)


def today(mail, **values):
	known = {
		"member": mail.member,
		"target_list": "L",
		"member_key": f"Contact/{mail.record}",
		"email": mail.email,
	}
	return Candidate(**(known | {"doctype": "Contact", "record": mail.record} | values))


@pytest.mark.parametrize(
	("changed", "sentence"),
	[
		({}, ""),
		({"status": "Failed"}, ""),
		({"status": "In Process"}, ""),
		({"status": "Paused"}, ""),
		({"status": "Cancelled"}, resend.CANCELLED),
		({"status": "Draft"}, resend.NOT_STARTED),
		({"status": "Pending"}, resend.NOT_STARTED),
		({"status": "Pending Approval"}, resend.NOT_STARTED),
		({"frozen": False}, resend.NOT_FROZEN),
		({"deadline": NOW}, resend.PAST_DEADLINE),
		({"deadline": NOW + 1}, ""),
		({"campaign": "Inactive"}, resend.INACTIVE),
	],
)
def test_a_whole_mailing_is_hindered_by_its_state(changed, sentence):
	assert resend_hindrance(**(FINE | changed)) == sentence


@pytest.mark.parametrize(
	("mail", "sentence"),
	[
		(row("Sent"), ""),
		(row("Failed"), ""),
		(row("Expired"), ""),
		(row("Cancelled"), ""),
		(row("Skipped", reason="Unsubscribed"), ""),
		(row("Queued"), resend.ON_ITS_WAY),
		(row("Sending"), resend.ON_ITS_WAY),
		(row("Failed", settled=False), resend.ON_ITS_WAY),
		(row("Uncertain"), resend.UNDECIDED),
		(row("Sent", cc_of=7), resend.IS_COPY),
		(row("Skipped", reason=HELD_OUT), resend.SPOILS_COMPARISON),
	],
)
def test_a_row_is_refused_by_its_state(mail, sentence):
	assert resend_refusal(mail, today(mail), ResendRules()) == sentence


@pytest.mark.parametrize("status", ["Sent", "Failed", "Skipped", "Expired"])
def test_a_recipient_who_must_not_be_mailed_today_gets_nothing(status):
	mail = row(status)
	assert resend_refusal(mail, today(mail, suppressed="Unsubscribed"), ResendRules()) == "Unsubscribed"
	assert (
		resend_refusal(mail, today(mail, suppressed="Hard Bounce"), ResendRules())
		== "Suppressed: Hard Bounce"
	)
	assert resend_refusal(mail, today(mail, suppressed="Unsubscribed"), ResendRules(informational=True)) == ""


def test_a_recipient_held_out_by_now_gets_nothing_where_nothing_was_sent():
	rules = ResendRules(held_out=lambda email: True)
	assert resend_refusal(row("Skipped"), today(row()), rules) == resend.SPOILS_COMPARISON
	assert resend_refusal(row("Sent"), today(row()), rules) == ""
	assert resend_refusal(row("Skipped", is_seed=True), today(row()), rules) == ""


@pytest.mark.parametrize(
	("other", "sentence"),
	[
		({"status": "Queued"}, resend.ON_ITS_WAY),
		({"status": "Sent", "settled": False}, resend.ON_ITS_WAY),
		({"status": "Uncertain"}, resend.UNDECIDED),
		({"status": "Sent", "sent_epoch": NOW - resend.RECENT + 1}, resend.JUST_SENT),
		({"status": "Sent", "sent_epoch": NOW - resend.RECENT}, ""),
		({"status": "Failed"}, ""),
	],
)
def test_a_mail_is_sent_once_more_at_a_time(other, sentence):
	first = row("Sent")
	second = row(name=2, resend_of=1, **other)
	assert resend_refusal(first, today(first), ResendRules(), [second], NOW) == sentence


def test_a_mail_that_was_sent_again_leads_to_the_first():
	assert row("Sent", name=2, resend_of=1).original == row("Sent", name=1).original == 1
	assert resend.resend_key(1, 2) == "x:1:2"


def test_decided_uncertain_mails_may_be_queued_again_also_copies():
	decided = ResendRules(decided=True)
	for mail in (row("Uncertain"), row("Uncertain", cc_of=7)):
		assert resend_refusal(mail, today(mail), decided) == ""
	unsettled = row("Uncertain", settled=False)
	assert resend_refusal(unsettled, today(unsettled), decided) == resend.ON_ITS_WAY


@pytest.mark.parametrize(
	("policy", "reason"), [(PER_ADDRESS, DUPLICATE_ADDRESS), (PER_RECORD, DUPLICATE_RECORD)]
)
def test_what_somebody_else_has_is_a_duplicate(policy, reason):
	mail = row()
	key = resend.wanted_key(mail, today(mail), policy)
	(plan,) = plan_requeue([mail], {1: today(mail)}, {key: 9}, ResendRules(policy))
	assert plan.reason == reason
	(plan,) = plan_requeue([mail], {1: today(mail)}, {key: 1}, ResendRules(policy))
	assert plan.reason == ""


def test_a_corrected_address_is_a_new_key_but_for_a_second_mail():
	mail = row()
	(plan,) = plan_requeue([mail], {1: today(mail, email="b@x.org")}, {}, ResendRules())
	assert (plan.key, plan.moved) == ("a:b@x.org", True)
	second = replace(mail, resend_of=5, dedupe_key="x:5:1")
	(plan,) = plan_requeue([second], {1: today(second)}, {}, ResendRules())
	assert (plan.key, plan.moved) == ("x:5:1", False)


@given(
	st.lists(st.tuples(st.sampled_from(["a@x.org", "b@x.org", "c@x.org"]), st.booleans()), max_size=8),
	st.dictionaries(st.sampled_from(["a:a@x.org", "a:b@x.org"]), st.integers(1, 20)),
)
def test_no_key_is_given_twice(people, holders):
	rows = [row(name=number) for number in range(1, len(people) + 1)]
	known = {
		mail.name: today(mail, email=email, suppressed="Complaint" if bad else "")
		for mail, (email, bad) in zip(rows, people, strict=True)
	}
	plans = list(plan_requeue(rows, known, holders, ResendRules()))
	given_keys = [plan.key for plan in plans if not plan.reason]
	assert len(plans) == len(rows)
	assert len(set(given_keys)) == len(given_keys)
	assert all(holders.get(plan.key, plan.row.name) == plan.row.name for plan in plans if not plan.reason)
