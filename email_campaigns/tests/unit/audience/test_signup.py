"""Signing up: what is taken from a form, and how long a link holds."""

import pytest

from email_campaigns.audience.address import InvalidAddress
from email_campaigns.audience.signup.signup import LIFETIME, NotAgreed, Wish, has_ended, stamp, wish

JO = {"email": " Jo@EXAMPLE.com ", "consent": "1", "first_name": "Jo\r\nBcc: you", "last_name": "x" * 200}


def test_names_are_one_line_of_bounded_length_and_only_where_they_are_asked_for():
	assert wish(JO, with_names=True) == Wish("Jo@example.com", "Jo Bcc: you", "x" * 140)
	assert wish(JO, with_names=False) == Wish("Jo@example.com")


@pytest.mark.parametrize(
	"email", ["", "jo", "jo@example.com, you@example.com", "a@b.example\r\nBcc: c@d.example"]
)
def test_one_address_and_nothing_else(email):
	with pytest.raises(InvalidAddress):
		wish({**JO, "email": email}, with_names=False)


@pytest.mark.parametrize("consent", ["", "0", "on"])
def test_consent_is_given_by_a_tick(consent):
	with pytest.raises(NotAgreed):
		wish({**JO, "consent": consent}, with_names=False)


def test_what_fills_in_a_field_that_nobody_sees_is_a_machine():
	assert wish({**JO, "website": "https://example.com"}, with_names=False).by_machine


def test_a_link_holds_for_its_lifetime():
	link = stamp(1000)
	assert len(link) <= 12
	assert not has_ended(link, 1000 + LIFETIME)
	assert has_ended(link, 1001 + LIFETIME)
	assert has_ended("", 0) and has_ended("xyz", 0)
