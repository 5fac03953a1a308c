"""Header values parsed by the standard library are what was put in, and never two headers."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from email_campaigns.message.mime.headers import (
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


def lines_of(header):
	return header.removesuffix("\r\n").split("\r\n")


def assert_words_are_whole(header):
	"""RFC 2047: words of 75 characters, lines of 76 (section 2), whole characters in each word (5, 3)."""
	for line in lines_of(header):
		words = [word for word in line.split() if word.startswith("=?")]
		assert len(line) <= (76 if words else 998)
		for word in words:
			assert len(word) <= 75
			[(data, charset)] = decode_header(word)
			data.decode(charset)


NAMES = st.sampled_from(["Subject", "To", "Cc", "From", "Reply-To", "X-Campaign", "List-Unsubscribe-Post"])


@given(NAMES, SAFE)
@example("Subject", "Grüße an alle, die am Samstag zu unserem Fest in den Garten kommen wollen")
@example("Subject", "ü" * 34)
@example("Subject", "👩‍👩‍👧" * 40)
@example("Subject", "漢字" * 120)
@example("List-Unsubscribe-Post", "😀" * 9)
def test_no_line_with_encoded_words_is_longer_than_76_characters(name, value):
	header = header_line(name, encode_text(value, len(f"{name}: ")))
	assert_words_are_whole(header)
	message = message_from_bytes(header.encode() + b"\r\n", policy=default)
	if name not in ("To", "Cc", "From", "Reply-To"):  # those are no texts
		assert message[name] == value


@given(NAMES.filter(lambda name: name in ("To", "Cc", "From", "Reply-To")), SAFE)
@example("Reply-To", "Gärtnerei Müller & Söhne, Blumen und Pflanzen für das ganze Haus")
@example("From", "ü" * 33)
def test_nor_is_one_with_a_name(name, display_name):
	header = header_line(name, encode_address(display_name, "someone@a-long-domain-name.example.org"))
	assert_words_are_whole(header)
	[address] = message_from_bytes(header.encode() + b"\r\n", policy=default)[name].addresses
	assert address.addr_spec == "someone@a-long-domain-name.example.org"


def test_the_first_line_has_as_much_as_fits():
	first, second = lines_of(header_line("Subject", encode_text("ü" * 30)))
	assert len(first) == 73  # with three more bytes it would be 77
	assert second.startswith(" =?utf-8?b?")


def test_lines_are_folded_at_spaces_and_never_after_the_name():
	line = header_line("List-Unsubscribe", f"<https://example.com/{'x' * 90}>, <mailto:u@example.com>")
	first, second, end = line.split("\r\n")
	assert first.startswith("List-Unsubscribe: <https")
	assert second == " <mailto:u@example.com>"
	assert end == ""
	with pytest.raises(HeaderError, match="longer than"):
		header_line("X-Long", "x" * 1000)
