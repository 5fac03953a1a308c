"""Decisions on members: a mail, or one reason for none."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience import decide as rules
from email_campaigns.audience.decide import PER_ADDRESS, PER_RECORD, Candidate, decide
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing import freeze

ADA = Candidate(1, "Friends", "Contact/Ada", "ada@example.com", "Contact", "Ada")


def reasons(*candidates, policy=PER_ADDRESS, taken=(), **options):
	return [decision.reason for decision in decide(candidates, policy, taken, **options)]


def test_a_member_without_any_objection_gets_the_mail():
	assert reasons(ADA) == [""]


def test_each_objection_has_its_own_reason():
	assert reasons(
		replace(ADA, record_missing=True),
		replace(ADA, email=""),
		replace(ADA, excluded_record=True),
		replace(ADA, excluded_address=True),
		replace(ADA, suppressed="Unsubscribed"),
		replace(ADA, suppressed="Hard Bounce"),
		replace(ADA, opted_out=True),
	) == [
		rules.RECORD_MISSING,
		rules.NO_ADDRESS,
		rules.EXCLUDED_RECORD,
		rules.EXCLUDED_ADDRESS,
		rules.UNSUBSCRIBED,
		"Suppressed: Hard Bounce",
		rules.OPTED_OUT,
	]


def test_informational_mail_passes_over_opt_outs_but_not_over_bad_addresses():
	assert reasons(
		replace(ADA, suppressed="Unsubscribed"),
		replace(ADA, opted_out=True, email="b@example.com"),
		replace(ADA, suppressed="Complaint"),
		informational=True,
	) == ["", "", "Suppressed: Complaint"]


def test_of_one_address_the_first_record_wins():
	twin = replace(ADA, member=2, member_key="Lead/7", email="ADA@example.com")
	assert reasons(ADA, twin) == ["", rules.DUPLICATE_ADDRESS]


def test_one_mail_per_record_mails_both_records_of_an_address_but_a_record_once():
	lead, second = replace(ADA, member=2, member_key="Lead/7"), replace(ADA, member=3, target_list="Others")
	assert reasons(ADA, lead, second, policy=PER_RECORD) == ["", "", rules.DUPLICATE_RECORD]


def test_a_skipped_member_does_not_stand_in_the_way_of_another_with_the_same_address():
	opted_out = replace(ADA, opted_out=True)
	assert reasons(opted_out, replace(ADA, member=2, member_key="Lead/7")) == [rules.OPTED_OUT, ""]


def test_letters_with_and_without_accent_are_different_people():
	assert reasons(
		replace(ADA, email="jose@example.com"), replace(ADA, member=2, email="josé@example.com")
	) == ["", ""]


candidates = st.lists(
	st.builds(
		Candidate,
		member=st.integers(1, 10**6),
		target_list=st.sampled_from(["A", "B"]),
		member_key=st.sampled_from([f"Contact/{n}" for n in range(8)]),
		email=st.sampled_from(["", *(f"p{n}@example.com" for n in range(6))]),
		doctype=st.just("Contact"),
		record=st.just("x"),
		record_missing=st.booleans(),
		opted_out=st.booleans(),
		suppressed=st.sampled_from(["", "Unsubscribed", "Hard Bounce"]),
		excluded_record=st.booleans(),
		excluded_address=st.booleans(),
	),
	max_size=40,
	unique_by=lambda candidate: candidate.member,
).map(lambda members: sorted(members, key=lambda candidate: candidate.member))

MAILING = Mailing("M", "M", "C", "s", "h", "u", "a", "a@example.com", "A")


@given(candidates, st.sampled_from([PER_ADDRESS, PER_RECORD]), st.integers(1, 7))
def test_counting_and_freezing_agree_whatever_the_size_of_a_slice(members, policy, size):
	mailing = replace(MAILING, duplicate_policy=policy)

	slices = [members[first : first + size] for first in range(0, len(members), size)]
	ledger = {}
	for members_of_slice in slices:
		taken = ledger.keys() & set(freeze.mail_keys(mailing, members_of_slice))
		for entry in freeze.freeze_slice(mailing, members_of_slice, taken):
			ledger[entry.decision.dedupe_key] = entry.decision.reason
	figures = freeze.count_slices(mailing, slices)
	assert figures["planned"] + sum(figures["skipped"].values()) == figures["members"] == len(members)
	assert len(ledger) == len(members)
	assert sum(not reason for reason in ledger.values()) == figures["planned"]
