"""Whether a report is about the very address that a mail went to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.address import address_key, normalise_known
from email_campaigns.inbound.outcomes.proof import prove
from email_campaigns.inbound.values import BounceClass, Kind, Report
from email_campaigns.text import Sentence

JO = "jo@sending.example"


def bounce(address, original="", kind=Kind.BOUNCE):
	return Report(kind, address, original, BounceClass.HARD if kind is Kind.BOUNCE else None)


@pytest.mark.parametrize(
	"report",
	[bounce(JO), bounce("JO@Sending.Example"), bounce("x@other.example", JO), bounce(" jo@sending.example ")],
)
def test_its_address_proves_it_in_any_spelling(report):
	assert prove([bounce("z@z.example"), report], JO) is report


@pytest.mark.parametrize(
	"reports",
	[[], [bounce("")], [bounce("other@sending.example")], [bounce("josé@sending.example")], [bounce("a")]],
)
def test_without_its_address_a_sentence_says_what_is_missing(reports):
	assert isinstance(prove(reports, JO), Sentence)


def test_nothing_proves_a_report_on_somebody_who_was_forgotten():
	assert isinstance(prove([bounce(JO)], ""), Sentence)


@pytest.mark.parametrize(
	"address", ["", "redacted", "[redacted]@sending.example", "5d41402abc4b2a76b9719d@Sending.example"]
)
def test_a_redacted_complaint_is_proven_by_its_mail_and_a_bounce_is_not(address):
	complaint = bounce(address, kind=Kind.COMPLAINT)
	assert prove([complaint], JO) is complaint
	assert isinstance(prove([bounce(address)], JO), Sentence)


@pytest.mark.parametrize("address", ["redacted@else.example", "5d41402abc4b2a76b9719d911017c592@x"])
def test_a_redacted_user_of_another_domain_is_somebody_else(address):
	assert isinstance(prove([bounce(address, kind=Kind.COMPLAINT)], JO), Sentence)


def test_a_complaint_about_somebody_else_proves_nothing():
	assert isinstance(prove([bounce("bob@sending.example", kind=Kind.COMPLAINT)], JO), Sentence)


def test_a_providers_opt_out_counts_for_its_address_alone():
	opt_out = bounce(JO, kind=Kind.OPT_OUT)
	assert prove([opt_out], JO) is opt_out
	assert isinstance(prove([opt_out], "other@sending.example"), Sentence)
	assert isinstance(prove([bounce("redacted@sending.example", kind=Kind.OPT_OUT)], JO), Sentence)


@given(st.lists(st.builds(bounce, st.text(max_size=40)), max_size=5), st.text(max_size=20))
def test_it_never_raises_and_believes_no_other_address(reports, email):
	proven = prove(reports, email)
	if not isinstance(proven, Sentence):
		assert address_key(normalise_known(proven.address)) == address_key(email)
