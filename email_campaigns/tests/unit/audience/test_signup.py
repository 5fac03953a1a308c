"""Signing up: the values read from a form, and the lifetime of a link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.audience.address import InvalidAddress
from email_campaigns.audience.signup.signup import (
	LIFETIME,
	ConsentMissing,
	SignUpRequest,
	expiry_stamp,
	has_expired,
	limits_of_forms,
	read_form,
)
from email_campaigns.characters import plain_cell, plain_start, without_controls

JO = {"email": " Jo@EXAMPLE.com ", "consent": "1", "first_name": "Jo\r\nBcc: you", "last_name": "x" * 200}


def test_names_are_one_line_of_bounded_length_and_only_where_they_are_asked_for():
	assert read_form(JO, with_names=True) == SignUpRequest("Jo@example.com", "Jo Bcc you", "x" * 140)
	assert read_form(JO, with_names=False) == SignUpRequest("Jo@example.com")


@pytest.mark.parametrize(
	("typed", "stored"),
	[
		("=HYPERLINK(1)", "HYPERLINK(1)"),
		("-1+1|cmd", "1 1 cmd"),
		("@SUM", "SUM"),
		("\t=1", "1"),
		("<b>Jo</b>", "b Jo b"),
		("{{ doc }}", "doc"),
		("Win: https://evil.example/x", "Win https evil. example x"),
		("www.evil.example", "www. evil. example"),
		("Jo\u202eoJ\x9b", "Jo oJ"),
		("J.R.R. Tolkien-Łodź", "J. R. R. Tolkien-Łodź"),
		("'t Hooft, Ir.", "'t Hooft, Ir."),
		("O’Neill (Ann & Jo)", "O’Neill (Ann & Jo)"),
		("नमिता", "नमिता"),
		("می\u200cخواهم", "می\u200cخواهم"),
	],
)
def test_a_name_has_no_link_no_markup_and_no_formula(typed, stored):
	request = read_form({**JO, "first_name": typed, "last_name": typed}, with_names=True)
	assert (request.first_name, request.last_name) == (stored, stored)


@given(st.text())
def test_whatever_is_typed_the_name_is_inert(typed):
	name = read_form({**JO, "first_name": typed}, with_names=True).first_name
	assert len(name) <= 140
	assert name == plain_cell(name) == plain_start(name) == without_controls(name)
	assert not set(name) & set('<>{}=/\\:@%"`')
	assert ".example" not in read_form({**JO, "first_name": f"{typed}.example"}, with_names=True).first_name


@pytest.mark.parametrize("email", ["=cmd|'/c'!A0@x.example", "+1+1@x.example", "-2@x.example"])
def test_no_address_signs_up_that_a_spreadsheet_takes_for_a_formula(email):
	with pytest.raises(InvalidAddress, match="can't sign up"):
		read_form({**JO, "email": email}, with_names=False)


def test_a_form_takes_half_of_what_the_site_takes():
	assert limits_of_forms() == ((500, 3600), (1000, 3600))
	assert limits_of_forms(1) == ((1, 3600), (1, 3600))
	assert limits_of_forms(-5) == limits_of_forms()


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
