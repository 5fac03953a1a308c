"""Reading a raw mail: whatever comes, nothing is raised but MailError, in a time that grows with the size."""

import time
import tracemalloc
from base64 import encodebytes
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from email_campaigns.inbound.mail.message import DEPTH, MAIL_BYTES, PARTS, MailError, read
from email_campaigns.inbound.understand import understand

MAILS = sorted((Path(__file__).parents[2] / "data" / "inbound").glob("*.eml"))
HEAD = b"From: a@example.net\nSubject: Hello\nMIME-Version: 1.0\n"


def nested(depth: int, body: bytes = b"\ninnermost\n") -> bytes:
	opening = b"".join(
		b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth)
	)
	return HEAD + opening + body + b"".join(b"\n--b%d--\n" % level for level in reversed(range(depth)))


def with_parts(number: int) -> bytes:
	return HEAD + b'Content-Type: multipart/mixed; boundary="b"\n' + b"\n--b\n\nx" * number + b"\n--b--\n"


def text(content_type: str, encoding: str, body: bytes) -> bytes:
	fields = f"Content-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n\n"
	return HEAD + fields.encode() + body


KILLERS = {
	"idna": text("text/plain; charset=idna", "8bit", b"a..b"),
	"idna in a word": b"From: =?idna?B?YWFh?= <a@example.net>\nSubject: =?x-nope?Q?a?=\n\nx",
	"punycode": text("text/plain; charset=punycode", "8bit", b"a" * 50_000),
	"NUL in the charset": text("text/plain; charset=a\x00b", "8bit", b"x"),
	"unknown charset": text("text/plain; charset=x-nope", "8bit", "é".encode()),
	"codec that is no text": text("text/plain; charset=hex", "8bit", b"zz"),
	"escapes": text("text/plain; charset=unicode_escape", "8bit", b"\\N{nope}\\"),
	"broken base64": text("text/plain", "base64", b"=A===*&"),
	"base64 with a rest of one": text("text/plain", "base64", b"YWFhYWF"),
	"nested": nested(1200),
	"many parts": with_parts(5000),
	"many lines": HEAD + b"\n" + b"\n" * 1_000_000,
	"no lines": HEAD + b"\n" + b"a" * 1_900_000,
	"one address after the other": HEAD + b"\n" + b"a@b" * 300_000,
	"long local part": HEAD + b"\n" + b"a" * 300_000 + b"@example.net",
	"quotes": HEAD + b"\n" + b'"' * 300_000,
	"boundaries alone": HEAD + b'Content-Type: multipart/mixed; boundary="-"\n\n' + b"---\n" * 400_000,
	"empty boundary": HEAD + b'Content-Type: multipart/mixed; boundary=""\n\n--\n\nx',
	"parameters": HEAD + b"Content-Type: text/plain" + b"; a" * 50_000 + b"\n\nx",
	"quote without end": HEAD + b'Content-Type: text/plain; name="' + b"\\a" * 50_000 + b"\n\nx",
	"encoded words": b"From: a@example.net\nSubject: " + b"=?utf-8?q?a?= " * 10_000 + b"\n\nx",
	"marks of words": b"From: a@example.net\nSubject: " + b"=?" * 60_000 + b"\n\nx",
	"many fields": b"".join(b"X-%d: x\n" % number for number in range(20_000)) + b"\nx",
	"blanks after a name": b"From" + b" " * 100_000 + b"\nSubject: x\n\nx",
	"tags": text("text/html", "8bit", b"<div>" * 50_000),
	"open tags": text("text/html", "8bit", b"<script " * 30_000),
	"entities": text("text/html", "8bit", b"&" * 250_000),
	"control characters": HEAD + b"\n" + bytes(range(256)) * 100,
	"a mail in itself": HEAD + b"Content-Type: message/rfc822\n\n" * 1000,
	"lying charset": text("text/plain; charset=utf-16", "8bit", b"odd"),
	"report of nothing": HEAD
	+ b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
	b"--b\nContent-Type: message/delivery-status\n\n--b--\n",
	"words of a report": b"From: mailer-daemon@example.net\nSubject: x\n\n" + b"delivery " * 6000,
	"numbers of a report": b"From: mailer-daemon@example.net\nSubject: failure\n\n" + b"550 5.1.1 " * 6000,
	"dashes of a report": b"From: mailer-daemon@example.net\nSubject: failure\n\n" + b"-" * 60_000,
	"blank lines of a report": b"From: mailer-daemon@example.net\nSubject: failure\n\nundeliverable"
	+ b" \n" * 30_000,
}


@pytest.mark.parametrize("name", KILLERS)
def test_a_bad_mail_is_judged_within_a_second(name):
	began = time.process_time()
	assert understand(KILLERS[name]).kind
	assert time.process_time() - began < 1


@pytest.mark.parametrize(
	"raw", [b"", b"\n\n", b"x", b"no field\n\nFrom: a@example.net\n", bytes(1000), b"\n" * 100_000]
)
def test_what_has_no_header_is_no_mail(raw):
	with pytest.raises(MailError) as error:
		read(raw)
	assert str(error.value) == "This is no mail: it has no header."


def test_a_header_without_end_is_refused_with_a_sentence():
	with pytest.raises(MailError) as error:
		read(b"X-A: " + b"a" * 300_000 + b"\n\nx")
	assert str(error.value.sentence) == "The header of the mail is longer than 256 KB."


@pytest.mark.parametrize("size", [1_000_000, 50_000_000])
def test_a_large_mail_takes_at_most_three_times_its_size(size):
	body = encodebytes(b"x" * 57)
	raw = (
		HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + body * (size // len(body))
	)
	tracemalloc.start()
	try:
		began = time.process_time()
		understand(raw)
		assert time.process_time() - began < 1
		assert tracemalloc.get_traced_memory()[1] <= 3 * len(raw)
	finally:
		tracemalloc.stop()


def test_memory_does_not_grow_with_the_depth():
	raw = nested(DEPTH + 5, b"\n" + b"x" * 500_000)
	tracemalloc.start()
	try:
		read(raw)
		assert tracemalloc.get_traced_memory()[1] <= 3 * len(raw)
	finally:
		tracemalloc.stop()


def test_parts_have_their_types_and_their_text():
	raw = (
		HEAD + b'Content-Type: multipart/alternative;\n\tboundary="=_b"\n\npreamble\n--=_b\n'
		b"Content-Type: text/plain; charset=iso-8859-1\n"
		b"Content-Transfer-Encoding: quoted-printable\n\ncaf=E9\n"
		b"--=_b\nContent-Type: text/html\n\n<p>caf&eacute;</p><p>open</p>\n--=_b--\nepilogue\n"
	)
	mail = read(raw)
	assert [part.content_type for part in mail.own_parts] == ["text/plain", "text/html"]
	assert [part.plain for part in mail.own_parts] == ["café", "café\n\nopen"]
	assert mail.plain == "café"


def test_headers_are_unfolded_and_decoded_and_keep_all_values():
	mail = read(
		b"Received: one\nReceived: two\n\tof it\n"
		b"Subject: =?utf-8?B?R3LDvMOf?=\n =?iso-8859-1?Q?e_aus_M=FCnchen?=\n\nx"
	)
	assert mail.headers.raw("received") == ["one", "two of it"]
	assert mail.headers.get("subject") == "Grüße aus München"
	assert mail.headers.raw("subject")[0].startswith("=?utf-8?B?")
	assert mail.headers.get("from") == ""
	assert mail.headers.all("from") == []


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_line_ends_may_be_of_any_kind(ends):
	raw = with_parts(3).replace(b"\n", ends)
	assert [part.text for part in read(raw).own_parts] == ["x", "x", "x"]


def test_the_header_of_a_returned_mail_is_known_in_both_forms():
	for content_type in ("message/rfc822", "text/rfc822-headers"):
		raw = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nwords\n--b\nContent-Type: '
		raw += content_type.encode() + b"\n\nMessage-ID: <1@example.com>\nSubject: News\n\n--b--\n"
		returned = read(raw).returned
		assert returned is not None
		assert returned.get("message-id") == "<1@example.com>"


def test_limits_cut_and_do_not_refuse():
	assert len(read(with_parts(5000)).own_parts) == PARTS
	assert max(depth_of(part) for part in [read(nested(1200)).root]) == DEPTH
	tail = b"\n--b\n\nlast\n--b--\n"
	raw = HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\n' + b"x" * MAIL_BYTES + tail
	assert len(read(raw).own_parts) == 1


def depth_of(part) -> int:
	return 1 + max(map(depth_of, part.parts)) if part.parts else 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_mail_raises_nothing_but_mail_error(data):
	raw = bytearray(data.draw(st.sampled_from(MAILS)).read_bytes())
	for _ in range(data.draw(st.integers(1, 8))):
		at = data.draw(st.integers(0, len(raw)))
		end = at + data.draw(st.integers(0, 200))
		raw[at:end] = data.draw(
			st.one_of(st.binary(max_size=40), st.just(bytes(raw[at:end]) * 3), st.sampled_from(SPLINTERS))
		)
	began = time.process_time()
	with suppress(MailError):
		understand(bytes(raw))
	assert time.process_time() - began < 1


SPLINTERS = (
	b"\n\n", b"\r", b"\x00", b"=?utf-8?b?", b"\xff\xfe", b"--=_f3a1c2\n", b"Content-Type: message/rfc822\n\n",
	b"charset=idna", b"base64", b"Final-Recipient: rfc822;", b"550 5.1.1 ", b"<@>", b"\x1b$B",
)  # fmt: skip


@given(st.binary(max_size=2000))
def test_any_bytes_raise_nothing_but_mail_error(raw):
	with suppress(MailError):
		understand(raw)


@pytest.mark.parametrize("size", [10_000, 40_000])
def test_time_grows_with_the_size(size):
	"""Four times the words take at most eight times as long: linear, with room for noise."""

	def seconds(length: int) -> float:
		raw = b"From: mailer-daemon@example.net\nSubject: failure notice\n\n" + b"user a@example.net <b " * (
			length // 22
		)
		best = 9.0
		for _ in range(3):
			began = time.process_time()
			understand(raw)
			best = min(best, time.process_time() - began)
		return best

	assert seconds(size * 4) < 8 * seconds(size) + 0.01
