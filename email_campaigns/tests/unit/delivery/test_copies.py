"""Copies: who gets one among the people that a record names, and the effect of the mail's status on them."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns import lifecycle
from email_campaigns.audience.address import address_key
from email_campaigns.delivery.compose.composer import Composer
from email_campaigns.delivery.compose.sent_text import SentText
from email_campaigns.delivery.copies.rules import (
	BEYOND_ASCII,
	GONE,
	IS_RECIPIENT,
	NOT_SENT,
	SWITCHED_OFF,
	TWICE,
	UNSURE,
	FieldValue,
	copy_fate,
	decide_copies,
	user_value,
	valid_addresses,
)
from email_campaigns.delivery.ledger.row import WAITS_FOR_MAIL, ClaimedMail, MailHeading
from email_campaigns.delivery.mailing.mailing import CcField
from email_campaigns.message.compile import Footer, compile_message

KIM = "kim@x.org"


def copies(*named, suppressed=(), **options):
	reasons = dict(suppressed)
	decided = decide_copies(7, KIM, named, lambda address: reasons.get(address, ""), **options)
	return [(copy.email, copy.reason) for copy in decided]


def test_everybody_whom_a_field_names_gets_one():
	decided = decide_copies(
		7, KIM, [FieldValue("C.a", " Boss@X.org "), FieldValue("C.b", "aide@x.org")], lambda address: ""
	)
	assert [(copy.email, copy.field, copy.key, copy.domain) for copy in decided] == [
		("Boss@x.org", "C.a", "c:7:boss@x.org", "x.org"),
		("aide@x.org", "C.b", "c:7:aide@x.org", "x.org"),
	]


def test_an_empty_field_names_nobody():
	assert copies(FieldValue("C.a"), FieldValue("C.b", "  "), FieldValue("C.c", problem=SWITCHED_OFF)) == []


def test_a_field_that_is_gone_is_noted_though_nobody_knows_what_it_said():
	assert copies(FieldValue("C.a", problem=GONE)) == [("", GONE)]


@pytest.mark.parametrize(
	("named", "reason"),
	[
		(FieldValue("C.a", "not an address"), "No valid address"),
		(FieldValue("C.a", "a@x.org, b@x.org"), "No valid address"),
		(FieldValue("C.a", "a@x.org\r\nBcc: b@x.org"), "No valid address"),
		(FieldValue("C.a", "josé@x.org"), BEYOND_ASCII),
		(FieldValue("C.a", "KIM@X.org"), IS_RECIPIENT),
		(FieldValue("C.a", "a@x.org", problem=SWITCHED_OFF), SWITCHED_OFF),
		(FieldValue("C.a", "a@x.org", opted_out=True), "Opted out on the record"),
		(FieldValue("C.a", "gone@x.org"), "Unsubscribed"),
		(FieldValue("C.a", "dead@x.org"), "Suppressed: Hard Bounce"),
	],
)
def test_the_reason_for_getting_none(named, reason):
	suppressed = {"gone@x.org": "Unsubscribed", "dead@x.org": "Hard Bounce"}
	((shown, decided_reason),) = copies(named, suppressed=suppressed)
	assert decided_reason == reason
	assert shown
	assert "\n" not in shown


def test_a_domain_in_another_script_is_no_hindrance():
	assert copies(FieldValue("C.a", "boss@bücher.example.org")) == [("boss@xn--bcher-kva.example.org", "")]


def test_the_second_copy_to_an_address_is_noted():
	assert copies(FieldValue("C.a", "a@x.org"), FieldValue("C.b", "A@x.org")) == [
		("a@x.org", ""),
		("A@x.org", TWICE),
	]


def test_one_that_is_left_out_does_not_stand_in_the_way():
	decided = copies(FieldValue("C.a", "a@x.org", problem=SWITCHED_OFF), FieldValue("C.b", "a@x.org"))
	assert decided == [("a@x.org", SWITCHED_OFF), ("a@x.org", "")]


def test_informational_mail_heeds_no_opt_out_but_a_bounce():
	suppressed = {"gone@x.org": "Unsubscribed", "dead@x.org": "Hard Bounce"}
	named = (
		FieldValue("C.a", "gone@x.org"),
		FieldValue("C.b", "b@x.org", opted_out=True),
		FieldValue("C.c", "dead@x.org"),
	)
	assert copies(*named, suppressed=suppressed, informational=True) == [
		("gone@x.org", ""),
		("b@x.org", ""),
		("dead@x.org", "Suppressed: Hard Bounce"),
	]


@pytest.mark.parametrize(
	("user", "address", "enabled", "copy"),
	[
		("jo@x.org", "jo@x.org", True, ("jo@x.org", "")),
		("jo@x.org", "jo@x.org", False, ("jo@x.org", "No valid address")),
		("jo@x.org", None, False, ("jo@x.org", "No valid address")),
		("Administrator", "Admin@example.com", True, ("Admin@example.com", "No valid address")),
		("Administrator", "root@x.org", True, ("root@x.org", "")),
		("Guest", "guest@example.com", True, ("guest@example.com", "No valid address")),
	],
)
def test_a_user_gets_one_at_a_valid_address(user, address, enabled, copy):
	assert copies(user_value("C.owner", user, address, enabled, False)) == [copy]


def test_a_field_without_a_user_names_nobody():
	assert copies(user_value("C.owner", None, None, False, False)) == []
	assert copies(user_value("C.owner", "", None, False, False, problem=GONE)) == [("", GONE)]


texts = st.one_of(
	st.sampled_from(["", "a@x.org", "A@X.ORG", "b@x.org", KIM, "é@x.org", "e@x.org", "a b", "@", "x" * 400]),
	st.text(max_size=20),
)
named_fields = st.lists(
	st.builds(
		FieldValue, st.just("C.a"), texts, st.booleans(), st.sampled_from(["", "", SWITCHED_OFF, GONE])
	),
	max_size=5,
)


@given(named_fields, st.sets(st.sampled_from(["a@x.org", "b@x.org"])), st.booleans())
def test_nobody_gets_two_and_nobody_who_must_not_gets_one(named, suppressed, informational):
	decided = decide_copies(
		7,
		KIM,
		named,
		lambda email: "Complaint" * (address_key(email) in suppressed),
		informational=informational,
	)
	wanted = [copy for copy in decided if not copy.reason]
	assert len({copy.key for copy in decided}) == len(decided), "each has a row of its own"
	assert len({address_key(copy.email) for copy in wanted}) == len(wanted)
	assert not {address_key(copy.email) for copy in wanted} & {address_key(KIM), *suppressed}
	assert {copy.email for copy in wanted} <= valid_addresses(named)
	assert all(len(copy.email) <= 254 and len(copy.key) <= 255 for copy in decided)
	assert len(decided) == sum(bool(value.text.strip()) or value.problem == GONE for value in named)


@pytest.mark.parametrize("status", lifecycle.CAMPAIGN_MESSAGE_TRANSITIONS)
def test_a_copy_fares_as_its_mail_does(status):
	state, reason, send_after = copy_fate(status)
	if status == "Sent":
		assert (state, reason, send_after) == ("Queued", "", 0)
	elif status in ("Queued", "Sending"):
		assert (state, reason, send_after) == ("Queued", "", WAITS_FOR_MAIL)
	else:
		assert (state, reason) == ("Skipped", UNSURE if status == "Uncertain" else NOT_SENT)


def test_a_key_names_a_field():
	field = CcField.from_key("CRM Lead.lead_owner")
	assert (field, field.key) == (CcField("CRM Lead", "lead_owner"), "CRM Lead.lead_owner")


TEXT = {
	**dict.fromkeys(("mailing", "title", "campaign", "edition", "reply_to", "base_url"), ""),
	**{"sender_name": "News", "sender_address": "n@x.org", "informational": False, "names_copies": True},
}


def test_a_mail_and_its_copies_name_the_same_people():
	footer = Footer("", "", True, "Unsubscribe")
	compiled = compile_message("Hello", "<p>Hello {{ doc.first_name }}</p>", footer=footer)
	composer = Composer(
		SentText(**TEXT, source=compiled.source, links={}),
		compiled,
		unsubscribe_url=lambda number: f"https://x.org/u/{number}",
		message_id=lambda number: f"{number}@x.org",
	)
	heading = MailHeading(KIM, ("boss@x.org", "aide@x.org"))
	rows = [ClaimedMail(7, KIM, "Contact", "Kim"), ClaimedMail(8, "boss@x.org", "Contact", "Kim", cc_of=7)]
	mails = []
	for row in rows:
		letter = composer.letter(row, {"first_name": "Kim"}, 0, heading)
		assert (letter.email, row.mail) == (row.email, 7)
		mails.append(email.message_from_bytes(letter.content, policy=email.policy.SMTP))
	assert [(mail["To"], mail["Cc"], mail["Subject"]) for mail in mails] == [
		(KIM, "boss@x.org, aide@x.org", "Hello")
	] * 2
	assert [mail["List-Unsubscribe"] for mail in mails] == ["<https://x.org/u/7>", "<https://x.org/u/8>"]
	texts = [mail.get_body(("plain",)).get_content() for mail in mails]
	assert texts[0].replace("/u/7", "/u/8") == texts[1]
