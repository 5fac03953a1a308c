"""A mail of ours is recognised however its id is wrapped; others' mail is not, and quickly."""

import base64
import email
import quopri
from time import process_time

import pytest

from email_campaigns.inbound.mail.recognise import LOOKED_UP, recognise
from email_campaigns.tracking.tokens import TokenRing

RING = TokenRing({"k1": b"secret of this site"})
FOREIGN = TokenRing({"k1": b"secret of another site"})
ID = f"{RING.message_id_local_part(123456)}@crm.example"
SES = "0100018f1c2d3e4f-11112222-3333-4444-5555-666677778888-000000"


def mail(headers="", body="Yes, please.\r\n"):
	return (
		f"Return-Path: <ada@customer.example>\r\nFrom: ada@customer.example\r\n{headers}"
		f"Subject: Re: Offer\r\n\r\n{body}"
	).encode()


def is_recognised(raw):
	return recognise(raw, RING.is_own, lambda provider_id: False)


WRAPPED = {
	"in-reply-to": mail(f"In-Reply-To: <{ID}>\r\n"),
	"bare line ends": mail(f"In-Reply-To: <{ID}>\r\n").replace(b"\r\n", b"\n"),
	"old Mac line ends": mail(f"In-Reply-To: <{ID}>\r\n").replace(b"\r\n", b"\r"),
	"references": mail(f"References: <a@b.example> <{ID}>\r\n"),
	"folded before": mail(f"References: <a@b.example>\r\n\t<{ID}>\r\n"),
	"folded within": mail(f"References: <{ID[:30]}\r\n {ID[30:]}>\r\n"),
	"another case": mail(f"IN-REPLY-TO: <{ID.upper()}>\r\n"),
	"words around": mail(f'In-Reply-To: Your message of "Mon, 3 Nov 2026" {ID} (was: Offer)\r\n'),
	"encoded words": mail(
		f"In-Reply-To: =?utf-8?q?=3C{ID[:20].replace('.', '=2E')}?=\r\n =?utf-8?q?{ID[20:]}=3E?=\r\n"
	),
	"VERP": mail(f"Delivered-To: {RING.verp_local_part(7, 'bounce')}@mail.example\r\n"),
	"opt-out": mail(f"To: <{RING.opt_out_local_part(7, 'crm')}@mail.example>\r\n"),
	"returned header": mail("", f"It came back.\r\n\r\nMessage-ID: <{ID}>\r\nSubject: Offer\r\n"),
	"quoted header": mail("", f"> Message-ID:\r\n>   <{ID}>\r\n"),
	"quoted-printable": mail(
		"Content-Transfer-Encoding: quoted-printable\r\n",
		quopri.encodestring(f"{'x' * 40} Message-ID: <{ID}>".encode()).decode(),
	),
	"base64": mail(
		"Content-Transfer-Encoding: base64\r\n",
		base64.encodebytes(f"Message-ID: <{ID}>".encode()).decode(),
	),
	"base64 part": mail(
		"Content-Type: multipart/mixed; boundary=b\r\n",
		"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		+ base64.encodebytes(f"Message-ID: <{ID}>".encode()).decode()
		+ "--b--\r\n",
	),
}


@pytest.mark.parametrize("raw", WRAPPED.values(), ids=WRAPPED)
def test_an_id_of_ours_is_found(raw):
	assert is_recognised(raw)
	assert not recognise(raw, FOREIGN.is_own, lambda provider_id: False)


MACHINES = (
	"Auto-Submitted: auto-replied\r\n",
	"auto-submitted:\r\n auto-generated\r\n",
	"X-Autoreply: yes\r\n",
	"X-Autorespond: Offer\r\n",
	"X-Auto-Reply-From: ada@customer.example\r\n",
	"Precedence: auto_reply\r\n",
	"Return-Path: <>\r\n",
	"Return-Path: <MAILER-DAEMON>\r\n",
	'Content-Type:\r\n\tmultipart/report; report-type="delivery-status"\r\n',
	"Sender: MAILER-DAEMON@mx.example\r\n",
	"X-Failed-Recipients: ada@customer.example\r\n",
)


@pytest.mark.parametrize("header", MACHINES)
def test_a_machine_is_recognised_without_an_id(header):
	assert is_recognised(mail(header))


@pytest.mark.parametrize(
	"header",
	[
		"",
		"X-Auto-Response-Suppress: All\r\n",
		"Auto-Submitted: no\r\n",
		"Precedence: bulk\r\n",
		"Return-Path: <ada@customer.example>\r\n",
		f"In-Reply-To: <{ID[:-20]}0@crm.example>\r\n",
		f"In-Reply-To: <{FOREIGN.message_id_local_part(123456)}@crm.example>\r\n",
		"X-Note: Return-Path: <>\r\n",
	],
)
def test_a_mail_of_others_is_not_recognised(header):
	assert not is_recognised(mail(header))


def test_our_own_mail_in_our_own_mailbox_is_no_answer():
	sender = RING.verp_local_part(5, "bounce")
	raw = mail(f"Message-ID: <{ID}>\r\nX-Sender: <{sender}@mail.example>\r\n")
	assert not is_recognised(raw)


@pytest.mark.parametrize(
	"provider_id",
	[
		f"{SES}@email.amazonses.com",
		f"{SES}@eu-west-1.amazonses.com",
		"AS8P189MB1234567@AS8P189MB1234.EURP189.PROD.OUTLOOK.COM",
		"3f2504e0-4f89-11d3-9a0c-0305e82c3301@mtasv.net",
		"Xb7aT0kQT1y@geopod-ismtpd-canary-0",
	],
)
def test_the_id_of_a_provider_is_looked_up(provider_id):
	raw = mail(f"In-Reply-To: <{provider_id}>\r\n")
	asked = []
	assert not recognise(raw, RING.is_own, asked.append)
	assert set(asked) == {provider_id.partition("@")[0]}
	assert recognise(raw, RING.is_own)
	assert not recognise(mail(f"To: {provider_id}\r\n"), RING.is_own)


HOSTILE = {
	"lines of >": mail("", ">\n" * 500_000),
	"10,000 References": mail("References: " + " ".join(f"<{n}.{n:08x}@b>" for n in range(10_000))),
	"10,000 fields": mail("References: <a@b>\r\n" * 10_000),
	"NULs": mail("", "\0" * 1_000_000),
	"dots": mail("", "." * 1_000_000),
	"at signs": mail("References: " + "@a." * 80_000),
	"tags": mail("", f".{'a' * 32}" * 30_000),
	"blanks": mail("In-Reply-To:" + " " * 250_000),
	"line ends": mail("", "\r\n" * 500_000),
	"base64": mail("Content-Transfer-Encoding: base64\r\n", "QUFB" * 250_000),
	"words": mail("References: " + "=?utf-8?q?a?= " * 15_000),
	"nothing": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_mail_is_searched_in_linear_time(raw):
	"""The bound is some ten times what is measured."""
	started = process_time()
	assert not recognise(raw, RING.is_own, lambda provider_id: False)
	assert process_time() - started < 0.3


def test_a_search_takes_a_fraction_of_the_standard_librarys_parser():
	paragraph = "This is a paragraph of an ordinary answer with quite some words in it.\r\n"
	raw = mail("In-Reply-To: <x@y.example>\r\n" + f"X-Header: {'x' * 60}\r\n" * 20, paragraph * 40)
	assert _seconds(lambda: is_recognised(raw)) < 0.5 * _seconds(lambda: email.message_from_bytes(raw))


def _seconds(call):
	times = []
	for _ in range(5):
		started = process_time()
		for _ in range(100):
			call()
		times.append(process_time() - started)
	return min(times)


def test_a_mail_that_answers_thousands_costs_few_looks_at_the_ledger():
	looked_up: list[str] = []
	ids = " ".join(f"<{number:0>20}@x.outlook.com>" for number in range(3000))
	raw = f"From: a@b.example\nReferences: {ids}\nIn-Reply-To: {ids}\n\nHello\n".encode()
	assert not recognise(raw, RING.is_own, lambda provider_id: bool(looked_up.append(provider_id)))
	assert len(looked_up) == len(set(looked_up)) == LOOKED_UP
