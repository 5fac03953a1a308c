"""Signing up: the values read from a form, and the lifetime of a link."""

import pytest

from email_campaigns.audience.address import InvalidAddress
from email_campaigns.audience.signup.signup import (
	LIFETIME,
	ConsentMissing,
	SignUpRequest,
	expiry_stamp,
	has_expired,
	read_form,
)

JO = {"email": " Jo@EXAMPLE.com ", "consent": "1", "first_name": "Jo\r\nBcc: you", "last_name": "x" * 200}


def test_names_are_one_line_of_bounded_length_and_only_where_they_are_asked_for():
	assert read_form(JO, with_names=True) == SignUpRequest("Jo@example.com", "Jo Bcc: you", "x" * 140)
	assert read_form(JO, with_names=False) == SignUpRequest("Jo@example.com")


@pytest.mark.parametrize(
	"email", ["", "jo", "jo@example.com, you@example.com", "a@b.example\r\nBcc: c@d.example"]
)
def test_one_address_and_nothing_else(email):
	with pytest.raises(InvalidAddress):
		read_form({**JO, "email": email}, with_names=False)


@pytest.mark.parametrize("consent", ["", "0", "on"])
def test_consent_is_given_by_a_tick(consent):
	with pytest.raises(ConsentMissing):
		read_form({**JO, "consent": consent}, with_names=False)


def test_what_fills_in_a_field_that_nobody_sees_is_a_bot():
	assert read_form({**JO, "website": "https://example.com"}, with_names=False).by_bot


def test_a_link_holds_for_its_lifetime():
	link = expiry_stamp(1000)
	assert len(link) <= 12
	assert not has_expired(link, 1000 + LIFETIME)
	assert has_expired(link, 1001 + LIFETIME)
	assert has_expired("", 0)
	assert has_expired("xyz", 0)
