"""Header values parsed by the standard library are what was put in, and never two headers."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from email_campaigns.message.headers import (
	HeaderError,
	encode_address,
	encode_text,
	header_line,
	header_text,
	unsubscribe_headers,
)

SAFE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))


def parsed(line):
	assert all(len(part) <= 998 for part in line.split("\r\n"))
	return message_from_bytes(line.encode() + b"\r\nbody", policy=default)


@pytest.mark.parametrize(
	"bad", ["a\rb", "a\nb", "a\r\nBcc: x@example.com", "a\0b", "\x1b[31m", "a\u2028b", "\x85", "\ud800"]
)
def test_line_ends_and_controls_are_refused_by_name(bad):
	with pytest.raises(HeaderError, match=r"^Reply-To holds "):
		header_text(bad, "Reply-To")
	for make in (lambda: encode_address(bad, "a@example.com"), lambda: header_line("X-A", bad)):
		with pytest.raises(HeaderError):
			make()
	with pytest.raises(HeaderError):
		encode_address("", f"a{bad}@example.com")


@given(SAFE)
@example("=?utf-8?q?x?=")
@example(" two  spaces ")
@example("😀" * 300)
@example("word " * 300)
@example("x" * 2000)
def test_a_subject_comes_back(subject):
	assert parsed(header_line("Subject", encode_text(subject)))["subject"] == subject


@given(SAFE.map(lambda name: " ".join(name.split())))
@example('O\'Hara, "Zoë" <x@y>; (a)')
@example('back\\slash "quote"')
@example("Łódź " * 39 + "Łódź")
def test_a_display_name_comes_back(name):
	line = header_line("To", encode_address(name, "a.b+c@example.com"))
	[address] = parsed(line)["to"].addresses
	assert address.addr_spec == "a.b+c@example.com"
	# Python before 3.13 puts spaces between the encoded words of a name, against RFC 2047 6.2
	if line.count("=?") < 2:
		assert address.display_name == name
	else:
		phrase = message_from_bytes(line.encode() + b"\r\n")["to"].rpartition(" <")[0]
		assert str(make_header(decode_header(phrase))) == name


@pytest.mark.parametrize(
	("address", "encoded"),
	[
		("a@example.com", "a@example.com"),
		(" a@Example.COM ", "a@Example.COM"),
		("a@bücher.example", "a@xn--bcher-kva.example"),
		("a@faß.example", "a@xn--fa-hia.example"),
		("björn@example.com", "björn@example.com"),
		("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
		('"a b"@example.com', '"a b"@example.com'),
	],
)
def test_domains_become_a_labels_and_local_parts_stay(address, encoded):
	assert encode_address("", address) == encoded
	assert encode_address("N", address) == f"N <{encoded}>"


@pytest.mark.parametrize(
	"address",
	[
		"",
		"a",
		"@example.com",
		"a@",
		"a b@example.com",
		"a@b@c",
		"a@exa mple.com",
		"a,b@example.com",
		"<a@example.com>",
		"a@-example.com",
		"a..b@example.com",
		".a@example.com",
		"a@example..com",
		"a@ex_ample\u00a0.com",
		'"a@example.com',
		'"=?utf-8?q?a?="@example.com',
		"=?utf-8?q?a?=@example.com",
		"a=?b@example.com",
		"a\u3164@example.com",
		"a(b)@example.com",
	],
)
def test_what_is_no_address_is_refused(address):
	with pytest.raises(HeaderError):
		encode_address("N", address)


def test_unsubscribe_headers_are_those_of_one_click():
	assert unsubscribe_headers("https://example.com/u/1", "u@example.com") == {
		"List-Unsubscribe": "<https://example.com/u/1>, <mailto:u@example.com>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
	assert unsubscribe_headers("https://e.com/u")["List-Unsubscribe"] == "<https://e.com/u>"


@pytest.mark.parametrize(
	"url", ["https://e.com/a b", "https://e.com/>", "https://e.com/\r\nX: y", "https://e.com/ä", "a,b"]
)
def test_a_url_that_would_end_its_brackets_is_refused(url):
	with pytest.raises(HeaderError):
		unsubscribe_headers(url)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "Ä"])
def test_a_header_needs_a_name(name):
	with pytest.raises(HeaderError, match="not the name"):
		header_line(name, "x")


def test_lines_are_folded_at_spaces_and_never_after_the_name():
	line = header_line("List-Unsubscribe", f"<https://example.com/{'x' * 90}>, <mailto:u@example.com>")
	first, second, end = line.split("\r\n")
	assert first.startswith("List-Unsubscribe: <https")
	assert second == " <mailto:u@example.com>"
	assert end == ""
	with pytest.raises(HeaderError, match="longer than"):
		header_line("X-Long", "x" * 1000)
