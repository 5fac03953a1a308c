"""Freezing decides by the same rules as counting, wherever the slices end."""

from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.decide import PER_ADDRESS, PER_RECORD, Candidate
from email_campaigns.delivery.mailing.mailing import Mailing
from email_campaigns.mass_mailing.freeze import count_slices, freeze_slice, mail_keys

members = st.lists(
	st.builds(
		dict,
		email=st.sampled_from(["", "a@x.org", "A@x.org", "b@x.org", "é@x.org", "e@x.org"]),
		record=st.sampled_from(["1", "2", "3"]),
		opted_out=st.booleans(),
		record_missing=st.booleans(),
		excluded_record=st.booleans(),
		suppressed=st.sampled_from(["", "Unsubscribed", "Hard Bounce"]),
	),
	max_size=25,
)


def mailing(policy, informational):
	texts = dict.fromkeys(("title", "campaign", "subject", "html", "sender_user", "account"), "")
	return Mailing(
		name="M",
		**texts,
		sender_address="",
		sender_name="",
		informational=informational,
		duplicate_policy=policy,
	)


def candidates(rows):
	return [
		Candidate(member=number, target_list="L", member_key=f"C/{row['record']}", doctype="C", **row)
		for number, row in enumerate(rows, 1)
	]


def slices(everybody, size):
	return [everybody[first : first + size] for first in range(0, len(everybody), size)]


def freeze(value, all_slices):
	"""Freeze slice by slice into a ledger with a unique key, as the database's has."""
	ledger = {}
	for members_of_slice in all_slices:
		taken = ledger.keys() & set(mail_keys(value, members_of_slice))
		for entry in freeze_slice(value, members_of_slice, taken):
			ledger.setdefault(entry.decision.dedupe_key, entry.decision)
	return ledger


@given(
	members, st.sampled_from([PER_ADDRESS, PER_RECORD]), st.booleans(), st.integers(1, 7), st.integers(1, 7)
)
def test_what_is_counted_is_what_is_frozen(rows, policy, informational, one_size, other_size):
	value, everybody = mailing(policy, informational), candidates(rows)
	ledger = freeze(value, slices(everybody, one_size))
	counted = count_slices(value, slices(everybody, other_size))
	assert len(ledger) == counted["members"] == len(everybody), "each member has one row"
	planned = [decision for decision in ledger.values() if not decision.reason]
	assert len(planned) == counted["planned"]
	assert counted["planned"] + sum(counted["skipped"].values()) == counted["members"]
	for reason, number in counted["skipped"].items():
		assert sum(decision.reason == reason for decision in ledger.values()) == number


@given(members, st.integers(1, 7))
def test_no_address_is_planned_twice(rows, size):
	ledger = freeze(mailing(PER_ADDRESS, False), slices(candidates(rows), size))
	planned = [decision.candidate.email.lower() for decision in ledger.values() if not decision.reason]
	assert len(set(planned)) == len(planned)


def test_nobody():
	nobody = {
		"members": 0,
		"planned": 0,
		"skipped": {},
		"languages": {},
		"domains": [],
		"versions": {},
		"seeds": 0,
		"copies": 0,
	}
	assert count_slices(mailing(PER_ADDRESS, False), []) == nobody
