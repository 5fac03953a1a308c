"""Addresses and messages on the wire: nothing that a user typed can become a command or the end of a mail."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from email_campaigns.delivery.smtp.judge import judge_refusal
from email_campaigns.delivery.smtp.replies import Refused, ReplyMeaning
from email_campaigns.delivery.smtp.wire import dot_stuff, encode_mailbox
from email_campaigns.tests.support.smtp_server import ScriptedServer
from email_campaigns.tests.unit.delivery.smtp.smtp_kit import SENDER, hand_over, open_session, received

TRICKY = st.lists(
	st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"\0", b"\xff", b"MAIL FROM:<x@y>"]),
	max_size=40,
).map(b"".join)


def unquote(message: bytes) -> bytes:
	"""Return the text that a server reads (RFC 5321 §4.5.2); assert that only the end looks like an end."""
	*lines, dot, rest = message.split(b"\r\n")
	assert (dot, rest) == (b".", b"")
	assert b"." not in lines
	assert not any(set(line) & set(b"\r\n") for line in lines)
	return b"".join((line[1:] if line.startswith(b".") else line) + b"\r\n" for line in lines)


@given(TRICKY | st.binary(max_size=200))
@example(b"")
@example(b".")
@example(b"a\n.\nMAIL FROM:<x@y>")
@example(b"a\r.\r\n")
def test_messages_survive_the_wire(content):
	expected = b"".join(line + b"\r\n" for line in content.splitlines())
	assert unquote(dot_stuff(content)) == expected


@given(st.lists(TRICKY, max_size=3))
def test_messages_survive_a_server(contents):
	with ScriptedServer() as server:
		session = open_session(server, 2)
		for content in contents:
			assert hand_over(session, "a@example.com", content)[0] == "taken"
		received(server)
		expected = [b"".join(line + b"\r\n" for line in content.splitlines()) for content in contents]
		assert [mail.content for mail in server.messages] == expected


@pytest.mark.parametrize(
	("address", "written"),
	[
		("a@example.com", b"a@example.com"),
		("o'neil+x=1@example.com", b"o'neil+x=1@example.com"),
		("a@[192.0.2.1]", b"a@[192.0.2.1]"),
		("a@bücher.example", b"a@xn--bcher-kva.example"),
		("a@BÜCHER.example", b"a@xn--bcher-kva.example"),
		("a@straße.example", b"a@xn--strae-oqa.example"),
		("a@STRAẞE.example", b"a@xn--strae-oqa.example"),
		("a@ΟΔΟΣ.example", b"a@xn--pxavbq.example"),
		("a@例え。テスト", b"a@xn--r8jz45g.xn--zckzah"),
		('"a@b,c"@example.com', b'"a@b,c"@example.com'),
		("用户@例子.example", "用户".encode() + b"@xn--fsqu00a.example"),
	],
)
def test_addresses(address, written):
	assert encode_mailbox(address, "rcpt", True) == written


BAD = [
	"",
	"nobody",
	"@example.com",
	"a@",
	"a@example.com\r\nRCPT TO:<b@example.com>",
	"a\r\n@example.com",
	"a\n@example.com",
	"a\0@example.com",
	"a b@example.com",
	"a@exam ple.com",
	"<a@example.com>",
	"a@example.com> SIZE=1",
	"a@example.com,b@example.com",
	"@relay.example:a@example.com",
	'"a\\"@example.com',
	"a(comment)@example.com",
	"a@exa\u2028mple.com",
	"a\x85b@example.com",
	"a@example.com\uff1e",
	"a\uff1e@ex\uff1emple.com",
	"a@b\uff20c.example",
	"a@b\ufe64c.example",
	"\ud800@example.com",
	"a@" + "ü" * 80 + ".example",
	"x" * 250 + "@example.com",
]


@pytest.mark.parametrize("address", BAD)
def test_bad_addresses_are_refused_before_anything_is_written(address):
	with ScriptedServer() as server:
		session = open_session(server)
		before = len(server.commands)
		outcome = hand_over(session, address)
		assert outcome[:2] == ("refused", "rcpt")
		assert outcome[2].startswith("553 5.1.3 ")
		if address:
			assert hand_over(session, "a@example.com", sender=address)[:2] == ("refused", "mail")
		assert len(server.commands) == before
		assert hand_over(session, "a@example.com")[0] == "taken"
		assert received(server) == ["a@example.com"]


@given(st.text(max_size=30), st.booleans())
def test_no_text_becomes_more_than_one_address(address, utf8):
	refusal, written = None, b""
	try:
		written = encode_mailbox(address, "rcpt", utf8)
	except Refused as error:
		refusal = error
	assert not refusal or judge_refusal(refusal)[0] in (ReplyMeaning.BOUNCED, ReplyMeaning.FAILED)
	assert not set(written) & set(b"\r\n\0 <>\t")
	assert utf8 or written.isascii()


@given(st.text(alphabet="ab.<> \r\n@ü\uff1e\uff20\uff0e\u3002ßς\u00ad", max_size=12))
def test_no_domain_escapes(domain):
	try:
		written = encode_mailbox("a@" + domain, "rcpt", True)
	except Refused:
		return
	assert not set(written) & set(b"\r\n\0 <>")


def test_unicode_local_part():
	with ScriptedServer(features=("PIPELINING", "8BITMIME", "SMTPUTF8")) as server:
		assert hand_over(open_session(server), "jürgen@bücher.example")[0] == "taken"
		assert received(server) == ["jürgen@xn--bcher-kva.example"]
		assert f"MAIL FROM:<{SENDER}> BODY=8BITMIME SMTPUTF8" in server.commands


def test_unicode_local_part_without_smtputf8():
	with ScriptedServer(features=("PIPELINING",)) as server:
		session = open_session(server)
		before = len(server.commands)
		words = "553 5.6.7 the server does not accept addresses with non-ASCII local part"
		assert hand_over(session, "jürgen@example.com") == ("refused", "rcpt", words)
		assert len(server.commands) == before
		assert hand_over(session, "a@bücher.example")[0] == "taken"
