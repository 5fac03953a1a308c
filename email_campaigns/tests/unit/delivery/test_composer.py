"""From a claimed row to a whole message: each recipient's own, and a problem instead of a bad mail."""

import email
import email.policy

import pytest

from email_campaigns.audience.decide import RECORD_MISSING
from email_campaigns.delivery.compose.composer import Composer, compose_letters
from email_campaigns.delivery.compose.sent_text import SentText
from email_campaigns.delivery.ledger.row import ClaimedMail
from email_campaigns.message.compile import Footer, compile_message
from email_campaigns.message.mime.headers import HeaderError
from email_campaigns.tracking.addresses import SignedAddresses
from email_campaigns.tracking.tokens import TokenRing

SUBJECT = "Hello {{ doc.first_name }}"
HTML = "<p>{{ mass_email.title }} {{ campaign.name }} {{ 100 / doc.size }}</p>"
TEXT = {
	"mailing": "M-1",
	"title": "Spring",
	"campaign": "Shoes",
	"edition": "",
	"sender_name": "News & Co",
	"sender_address": "news@example.org",
	"reply_to": "",
	"informational": False,
	"names_copies": False,
	"base_url": "https://example.org",
	"links": {},
}
ROWS = [
	ClaimedMail(7, "kim@example.org", "Contact", "Kim"),
	ClaimedMail(8, "lou@example.org", "Contact", "Lou", 2),
]
RECORDS = {
	("Contact", "Kim"): {"first_name": "Kim", "size": 50},
	("Contact", "Lou"): {"first_name": "Lou", "size": 4},
}


def composer(**changes):
	footer = Footer(sender_line="", postal_address="", unsubscribe=True, unsubscribe_text="Unsubscribe")
	compiled = compile_message(SUBJECT, HTML, footer=footer)
	return Composer(
		SentText(**{**TEXT, "source": compiled.source, **changes}),
		compiled,
		unsubscribe_url=lambda number: f"https://example.org/ec/u/{number}",
		message_id=lambda number: f"{number}@example.org",
	)


def letters(records=RECORDS, **changes):
	return list(compose_letters({"": composer(**changes)}, ROWS, records, 0))


def parsed(letter):
	return email.message_from_bytes(letter.content, policy=email.policy.SMTP)


def test_each_recipient_gets_its_own():
	kim, lou = letters()
	assert [(letter.name, letter.email, letter.problem, letter.attempts) for letter in (kim, lou)] == [
		(7, "kim@example.org", "", 0),
		(8, "lou@example.org", "", 2),
	]
	mail = parsed(lou)
	assert (mail["Subject"], mail["To"], mail["Message-ID"]) == (
		"Hello Lou",
		"lou@example.org",
		"<8@example.org>",
	)
	assert mail["From"].addresses[0].display_name == "News & Co"
	assert mail["List-Unsubscribe"] == "<https://example.org/ec/u/8>"
	assert "Spring Shoes 25" in mail.get_body(("html",)).get_content()
	assert "https://example.org/ec/u/8" in mail.get_body(("plain",)).get_content()


def test_informational_mail_has_no_unsubscribe_headers():
	assert parsed(letters(informational=True)[0])["List-Unsubscribe"] is None


def test_a_record_that_is_gone_is_the_problem():
	kim, lou = letters({("Contact", "Kim"): RECORDS["Contact", "Kim"]})
	assert (kim.problem, lou.problem, lou.content) == ("", RECORD_MISSING, b"")


def test_a_mail_that_can_not_be_rendered_carries_the_reason_and_nothing_to_send():
	kim, lou = letters({**RECORDS, ("Contact", "Kim"): {"first_name": "Kim", "size": 0}})
	assert kim.problem
	assert not kim.content
	assert lou.content
	assert not lou.problem


@pytest.mark.parametrize("name", ["A\r\nBcc: you@example.org", "A\nB", "A\rB", "A\0B"])
def test_a_line_break_in_a_field_of_the_record_adds_no_header(name):
	(kim, _lou) = letters({**RECORDS, ("Contact", "Kim"): {"first_name": name, "size": 1}})
	assert kim.problem or set(parsed(kim).keys()) == set(parsed(letters()[0]).keys())


@pytest.mark.parametrize("field", ["sender_name", "reply_to"])
def test_a_sender_that_can_not_stand_in_a_header_is_refused_at_once(field):
	with pytest.raises(HeaderError, match="line break"):
		composer(**{field: "a@example.org\r\nBcc: you@example.org"})


def test_a_mailbox_for_machines_signs_the_sender_and_the_opt_out_address_of_each_mail():
	ring = TokenRing({"k1": b"x" * 32})
	addresses = SignedAddresses("bounce@mail.example", ring)
	text = composer(bounce_sender="bounce@mail.example")
	text.addresses = addresses
	kim, lou = compose_letters({"": text}, ROWS, RECORDS, 0)
	assert [ring.message_from_verp(letter.sender.partition("@")[0]) for letter in (kim, lou)] == [7, 8]
	unsubscribe = parsed(kim)["List-Unsubscribe"]
	page, mailto = unsubscribe.split(", ")
	assert page == "<https://example.org/ec/u/7>"
	local_part = mailto.removeprefix("<mailto:").partition("@")[0]
	assert ring.message_from_opt_out(local_part) == 7
	assert parsed(kim)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_a_mailbox_for_machines_nothing_changes():
	kim, _lou = letters()
	assert kim.sender == ""
	assert "mailto" not in parsed(kim)["List-Unsubscribe"]
	assert "bounce_sender" not in composer().text.content


@pytest.mark.parametrize("box", ["bounce", "a" * 11])
def test_addresses_leave_room_for_any_number_of_a_mail(box):
	addresses = SignedAddresses(f"{box}@mail.example", TokenRing({"abcd": b"x" * 32}))
	assert addresses.sender(2**48).startswith(f"{box}+")


def test_a_mailbox_without_room_for_a_token_is_refused():
	with pytest.raises(ValueError, match="longer"):
		SignedAddresses(f"{'a' * 30}@mail.example", TokenRing({"abcd": b"x" * 32}))


def test_complaints_are_asked_for_by_a_header_where_the_text_names_an_address():
	(kim, _lou) = letters(cfbl_address="fbl@example.org")
	assert parsed(kim)["CFBL-Address"] == "fbl@example.org; report=arf"
	assert "CFBL-Address" not in parsed(letters()[0])
