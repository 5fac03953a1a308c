"""What may lead to a mail of ours is found wherever clients, servers and providers put it."""

from time import process_time

import pytest

from email_campaigns.inbound.mail.ids import clues, is_opt_out_address
from email_campaigns.inbound.mail.message import read
from email_campaigns.inbound.values import Clues
from email_campaigns.tests.unit.inbound.test_recognise import HOSTILE, ID, RING, SES, WRAPPED, mail

OTHER = f"{RING.message_id_local_part(99)}@crm.example"
VERP = RING.verp_local_part(7, "bounce")
LEAVE = RING.opt_out_local_part(7, "crm")


def clues_in(headers="", body=""):
	return clues(read(mail(headers, body)))


@pytest.mark.parametrize("name", sorted(set(WRAPPED) - {"VERP", "opt-out"}))
def test_an_id_leads_to_its_message_however_it_is_wrapped(name):
	ids = clues(read(WRAPPED[name])).message_ids
	assert [RING.message_from_local_part(each.partition("@")[0]) for each in ids] == [123456]


def test_the_nearest_mail_comes_first():
	two = clues_in(f"References: <{ID}>\r\n <{OTHER}> <c@d.example>\r\n")
	assert two.message_ids == (OTHER, ID)
	answered = clues_in(f"References: <{OTHER}>\r\nIn-Reply-To: <{ID}>\r\n")
	assert answered.message_ids == (ID, OTHER)


@pytest.mark.parametrize("header", ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"])
@pytest.mark.parametrize("local_part", [VERP, LEAVE])
def test_a_signed_recipient_is_a_clue(header, local_part):
	headers = f"{header}: Ada <a@b.example>, {local_part.upper()}@mail.example\r\n"
	assert clues_in(headers) == Clues(senders=(local_part.upper(),))


def test_a_mails_own_id_is_no_clue():
	assert clues_in(f"Message-ID: <{ID}>\r\nReturn-Path: <{VERP}@mail.example>\r\n") == Clues()


REPORT = """Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
\r
It came back.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
--b\r
Content-Type: {0}\r
\r
{1}
--b--\r
"""
RETURNED = (
	f"Return-Path: <{VERP}@mail.example>\r\nMessage-ID:\r\n <{ID}>\r\n"
	f"List-Unsubscribe: <https://crm.example/u>, <mailto:{LEAVE}@mail.example>\r\n"
	"Subject: Offer\r\n\r\nText\r\n"
)


@pytest.mark.parametrize("content_type", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
def test_a_returned_header_is_full_of_clues(content_type):
	head, _, body = REPORT.format(content_type, RETURNED).partition("\r\n\r\n")
	assert clues_in(f"{head}\r\n", body) == Clues(senders=(VERP, LEAVE), message_ids=(ID,))


def test_a_header_returned_in_plain_text_is_found():
	quoted = clues_in("", "".join(f"> {line}\r\n" for line in RETURNED.split("\r\n")))
	assert quoted == Clues(senders=(VERP, LEAVE), message_ids=(ID,))


@pytest.mark.parametrize("place", ["In-Reply-To: <{0}>\r\n", "References: <a@b.example> <{0}>\r\n"])
def test_the_id_of_a_provider_is_given_whole_and_as_its_local_part(place):
	whole = f"{SES}@email.amazonses.com"
	assert clues_in(place.format(whole)).provider_ids == (whole, SES)


def test_an_id_that_a_provider_has_replaced_is_found_in_what_came_back():
	returned = (
		f"Message-ID: <{SES}@email.amazonses.com>\r\nX-Microsoft-Original-Message-ID: <{ID}>\r\n\r\nText\r\n"
	)
	head, _, body = REPORT.format("message/rfc822", returned).partition("\r\n\r\n")
	there = clues_in(f"{head}\r\n", body)
	assert (there.message_ids, there.provider_ids[1]) == ((ID,), SES)
	assert clues_in("", f"Write to {SES}@email.amazonses.com").provider_ids == ()


def test_an_opt_out_address_is_known_by_its_form():
	assert is_opt_out_address(f"{LEAVE}@mail.example")
	assert is_opt_out_address(f"{RING.opt_out_local_part(3)}@mail.example".upper())
	assert not is_opt_out_address(f"{VERP}@mail.example")
	assert not is_opt_out_address("leave@mail.example")


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"nothing", "words"}))
def test_a_hostile_mail_is_searched_in_linear_time(name):
	parsed = read(HOSTILE[name])
	started = process_time()
	assert clues(parsed).senders == ()
	assert process_time() - started < 0.3
