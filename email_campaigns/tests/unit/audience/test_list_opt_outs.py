"""Opt-out columns of other systems: recognised by heading and values, and their people kept out."""

import pytest

from email_campaigns.audience.lists.csv_file import NewMember, OptedOut
from email_campaigns.tests.unit.audience.list_files import columns_of, left_out, read

OUT, IN = OptedOut, NewMember

EXPORTS = {
	"HubSpot": ("Email,Unsubscribed from all email", "true", "false"),
	"Salesforce report": ("Email,Email Opt Out", "1", "0"),
	"Salesforce export": ("Email,HasOptedOutOfEmail", "true", ""),
	"EspoCRM": ("emailAddress,emailAddressIsOptedOut", "1", "0"),
	"EspoCRM, invalid": ("emailAddress,emailAddressIsInvalid", "1", "0"),
	"Mailchimp, unsubscribed": ("Email Address,MEMBER_RATING,UNSUB_TIME", "2,2026-01-02 10:00:00", "2,"),
	"Mailchimp, cleaned": ("Email Address,MEMBER_RATING,CLEAN_TIME", "2,2026-01-02 10:00:00", "2,"),
	"Mailchimp, status": ("Email Address,status", "cleaned", "subscribed"),
	"Brevo": ("EMAIL,EMAIL_BLACKLISTED", "Yes", "No"),
	"ActiveCampaign": ("Email,Status", "Unsubscribed", "Active"),
	"Klaviyo": ("Email,Email Marketing Consent", "UNSUBSCRIBED", "SUBSCRIBED"),
	"Klaviyo, suppressed": ("Email,Email Suppressions", "['USER_SUPPRESSED']", "[]"),
	"Dynamics": ("Email,Do not allow Emails", "Yes", "No"),
	"Shopify": ("Email,Accepts Email Marketing", "no", "yes"),
	"ERPNext": ("email_id,unsubscribed", "1", "0"),
	"French": ("E-mail,Désabonné", "oui", "non"),
	"German": ("E-Mail,Abgemeldet", "ja", "nein"),
	"by hand": ("email,opt-out", "x", ""),
}


@pytest.mark.parametrize("system", EXPORTS)
def test_exports_of_other_systems(system):
	heading, out, stays = EXPORTS[system]
	text = f"{heading}\na@example.com,{out}\nb@example.com,{stays}\nUnsubscribed@example.com,{stays}\n"
	assert columns_of(text)[-1][2] == "opted_out"
	assert [(type(line), line.email) for line in read(text)] == [
		(OUT, "a@example.com"),
		(IN, "b@example.com"),
		(IN, "Unsubscribed@example.com"),
	]


def test_a_status_of_something_else_is_no_opt_out():
	assert columns_of("email,status\na@example.com,Customer\nb@example.com,Lead\n")[1][2] == ""


def test_a_value_that_says_neither_does_not_join():
	text = "email,unsubscribed\na@example.com,perhaps\n"
	assert "“perhaps” in the column “unsubscribed”" in left_out(text)[2]


def test_one_of_several_columns_is_enough():
	text = "email,Email Opt Out,Bounced\na@example.com,0,1\nb@example.com,1,0\nc@example.com,0,0\n"
	mapping = {"email": 0, "opted_out": 1, "opted_out:2": 2}
	for lines in (read(text), read(text, mapping=mapping)):
		assert [type(line) for line in lines] == [OUT, OUT, IN]
	assert [type(line) for line in read(text, mapping={"email": 0, "opted_out": 1})] == [IN, OUT, IN]


def test_an_opt_out_counts_beside_other_faults_and_before_and_after_another_line_of_the_address():
	text = (
		"email,language,opt out\na@example.com,en,\nA@example.com,xx,yes\n"
		"b@example.com,en,yes\nB@example.com,en,no\n"
	)
	lines = read(text, languages={"en"})
	assert [(line.line, type(line)) for line in lines][:3] == [(2, IN), (3, OUT), (4, OUT)]
	assert str(lines[3].why) == "The address stands already in line 4."


def test_without_a_heading_a_chosen_column_is_a_yes_or_no():
	assert [
		type(line)
		for line in read("a@example.com,1\nb@example.com,0\n", mapping={"email": 0, "opted_out": 1})
	] == [
		OUT,
		IN,
	]
