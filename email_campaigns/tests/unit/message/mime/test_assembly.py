"""A message parsed by the standard library gives back its parts; its bytes keep the limits of the RFCs."""

import re
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from email_campaigns.delivery.smtp.wire import dot_stuff
from email_campaigns.message.mime.assembly import Attachment, Skeleton
from email_campaigns.message.mime.headers import HeaderError, encode_address
from email_campaigns.message.mime.quoted import PiecedText, quoted_printable

SKELETON = Skeleton(
	sender=encode_address("Zoë", "news@example.com"),
	reply_to="help@example.com",
	headers={"X-Mailing": "Frühling", "Precedence": "bulk"},
)
WITH_FILES = Skeleton(
	sender="news@example.com",
	attachments=[
		Attachment("Prospekt für Sie.pdf", b"%PDF" + bytes(range(256)) * 9, "application/pdf"),
		Attachment("a.txt", b"From me\n.\n--=_\n", "text/plain"),
	],
)
BODIES = st.text(st.characters(exclude_categories=("Cs",)), max_size=400)
SUBJECTS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)
EDGES = [
	"".join(
		"a" * number + " \n" + "." * number + "\t\n" + "é" * 12 + "b" * number + "  \n"
		for number in range(81)
	),
	"." * 300,
	"x" + "." * 300,
	"é" * 12 + "abc" + "." * 100,
	"",
	".",
	".\n..\n.",
	"From me\n>From you\nFrom ",
	"ends with spaces  \nand tab\t\n ",
	"\n\n\n",
	"lone\rCR, CRLF\r\nand LF\n",
	"NUL\0 and \x1a",
	"=3D == =\n=_",
	"x" * 3000,
	"é" * 3000,
	"😀" * 700,
	"a" * 75 + "\n" + "b" * 76 + "\n" + "c" * 77,
	"\u2028\x85\x0b\x0c",
	"--=_245d8b7fc229b689_0--",
]


def normal(body):
	return body.replace("\r\n", "\n").replace("\r", "\n")


def assembled(skeleton=SKELETON, **parts):
	given_parts = {
		"to": encode_address("Ana", "ana@example.net"),
		"subject": "Hello",
		"html": "<p>x</p>",
		"text": "x",
		"message_id": "<1@example.com>",
		"date": "Thu, 02 Oct 2025 09:00:00 +0000",
	}
	return skeleton.assemble(**{**given_parts, **parts})


def decoded(part):
	return normal(part.get_payload(decode=True).decode())


def check(skeleton, subject, html, text):
	raw = assembled(skeleton, subject=subject, html=html, text=text)
	message = message_from_bytes(raw, policy=default)
	assert message["subject"] == subject
	assert decoded(message.get_body(("html",))) == normal(html)
	assert decoded(message.get_body(("plain",))) == normal(text)
	assert not message.defects
	assert not any(part.defects for part in message.walk())
	assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0|^\.", raw, re.MULTILINE) is None
	assert dot_stuff(raw) == dot_stuff(bytes(raw))
	assert raw.isascii()
	body = raw.partition(b"\r\n\r\n")[2]
	assert max(len(line) for line in body.split(b"\r\n")) <= 76
	return message


@settings(max_examples=150)
@given(SUBJECTS, BODIES, BODIES)
def test_what_goes_in_comes_out(subject, html, text):
	check(SKELETON, subject, html, text)


@pytest.mark.parametrize("body", EDGES)
@pytest.mark.parametrize("skeleton", [SKELETON, WITH_FILES])
def test_edges_come_out_too(skeleton, body):
	check(skeleton, "Very long ünd 😀 " * 60 + "end", body, body)


@settings(max_examples=150)
@given(st.lists(st.text(st.sampled_from(list("ab =.\n\té😀~_")), max_size=90), max_size=12))
@example(["a" * 75, "b"])
@example(["a" * 76, "\n"])
@example(["é" * 25, "é"])
@example(["ends ", "\n", " "])
@example(["a" * 74 + "=", "="])
@example([".", ".\n.", "..", "a" * 74, "...", "." * 90])
@example(["é" * 12 + "abc.abc", ". ", ".\n"])
def test_pieces_are_encoded_as_their_whole_is(pieces):
	body = PiecedText(pieces)
	encoded = quoted_printable(body)
	message = message_from_bytes(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + encoded)
	assert message.get_payload(decode=True).decode() == str(body).replace("\n", "\r\n")
	assert max(len(line) for line in encoded.split(b"\r\n")) <= 76
	assert re.search(rb"[ \t](\r\n|\Z)", encoded) is None
	assert b"\n." not in b"\n" + encoded


def test_the_structure_is_text_first_and_files_around():
	plain = message_from_bytes(assembled(), policy=default)
	assert [part.get_content_type() for part in plain.walk()] == [
		"multipart/alternative",
		"text/plain",
		"text/html",
	]
	mixed = message_from_bytes(assembled(WITH_FILES), policy=default)
	assert [part.get_content_type() for part in mixed.walk()] == [
		"multipart/mixed",
		"multipart/alternative",
		"text/plain",
		"text/html",
		"application/pdf",
		"text/plain",
	]
	pdf, text = mixed.iter_attachments()
	assert (pdf.get_filename(), pdf.get_content()) == (
		"Prospekt für Sie.pdf",
		b"%PDF" + bytes(range(256)) * 9,
	)
	assert text.get_payload(decode=True) == b"From me\n.\n--=_\n"


def test_headers_are_whole():
	message = message_from_bytes(
		assembled(cc="b@example.net, c@example.net", headers={"List-Id": "a.example.com"}), policy=default
	)
	assert message["from"] == "Zoë <news@example.com>"
	assert message["reply-to"] == "help@example.com"
	assert message["to"] == "Ana <ana@example.net>"
	assert message["cc"] == "b@example.net, c@example.net"
	assert message["message-id"] == "<1@example.com>"
	assert message["x-mailing"] == "Frühling"
	assert message["date"].datetime.year == 2025
	assert message["list-id"] == "a.example.com"
	assert len(message.keys()) == len(set(message.keys()))


def test_a_unicode_local_part_stays_in_utf_8():
	raw = assembled(to=encode_address("", "björn@example.com"))
	assert "To: björn@example.com\r\n".encode() in raw


@pytest.mark.parametrize("slot", ["to", "subject", "message_id", "date", "cc"])
@pytest.mark.parametrize("bad", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0b"])
def test_no_slot_lets_a_header_in(slot, bad):
	with pytest.raises(HeaderError):
		assembled(**{slot: bad})


def test_nor_do_the_fixed_ones():
	for parts in (
		{"sender": "a\nb"},
		{"sender": "a", "headers": {"X": "a\rb"}},
		{"sender": "a", "reply_to": "\n"},
	):
		with pytest.raises(HeaderError):
			Skeleton(**parts)
	with pytest.raises(HeaderError):
		assembled(headers={"X-A": "b\r\nc"})
	with pytest.raises(HeaderError):
		Skeleton(sender="a", attachments=[Attachment("a\r\nb", b"")])


@pytest.mark.parametrize(
	"kind", ["", "text", "multipart/mixed", "message/rfc822", "a/b/c d", "text/plain\r\nX: y"]
)
def test_a_strange_kind_of_file_is_refused(kind):
	with pytest.raises(HeaderError):
		Skeleton(sender="a@example.com", attachments=[Attachment("a", b"x", kind)])
