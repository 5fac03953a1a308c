"""Addresses: the fast path agrees with the library, and the key tells people apart."""

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.audience.address import (
	KEY_LENGTH,
	InvalidAddress,
	address_key,
	mailbox_key,
	normalise,
	normalise_known,
	normalise_or_empty,
	spellings,
)

ALPHABET = "abcXYZ019.-_+!'@ é\u0301\u00a0\n"
TOPS = ["com", "COM", "c", "co1", "test", "local", "onion", "invalid", "arpa", "example", "localhost", ""]


def library(text):
	"""Return the address as the library alone normalises it, or None; also for an encoded word."""
	if "=?" in text:
		return None
	try:
		parsed = validate_email(text.strip(), check_deliverability=False, test_environment=True)
	except EmailNotValidError:
		return None
	local = unicodedata.normalize("NFC", text.strip().rpartition("@")[0])
	return None if len(local.encode()) > 64 else f"{local}@{parsed.ascii_domain.lower()}"


def ours(text):
	try:
		return normalise(text)
	except InvalidAddress:
		return None


@settings(max_examples=1500)
@given(st.text(ALPHABET, max_size=70), st.text(ALPHABET, max_size=66), st.sampled_from(TOPS))
def test_agrees_with_the_library(local, domain, top):
	text = f"{local}@{domain}.{top}"
	if not text.lower().strip().endswith((".local", ".localhost", "@.test", "@test")):
		assert ours(text) == library(text)


@settings(max_examples=500)
@given(st.emails())
def test_agrees_on_what_rfc_5322_allows(email):
	assert ours(email) == library(email)


@settings(max_examples=500)
@given(st.from_regex(r"[A-Za-z0-9.+-]{1,30}@([A-Za-z0-9-]{1,8}\.){1,3}[A-Za-z0-9-]{1,6}", fullmatch=True))
def test_agrees_on_what_looks_ordinary(email):
	assert ours(email) == library(email)


@pytest.mark.parametrize(
	("raw", "stored"),
	[
		("  Jane.Doe@Example.COM\r\n", "Jane.Doe@example.com"),
		("\ufeffjane@example.com\u200b", "jane@example.com"),
		("info@müller.example", "info@xn--mller-kva.example"),
		("INFO@example.com", "INFO@example.com"),
		("jose\u0301@example.com", "josé@example.com"),
		("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
		("sam@intranet.local", "sam@intranet.local"),
		("sam@Büro.LOCAL", "sam@xn--bro-hoa.local"),
		("sam@site.test", "sam@site.test"),
		("o'brien+news@example.co.uk", "o'brien+news@example.co.uk"),
	],
)
def test_normalises(raw, stored):
	assert normalise(raw) == stored
	assert normalise(stored) == stored


@pytest.mark.parametrize(
	"raw",
	[
		None,
		7,
		"",
		"   ",
		"jane",
		"jane@",
		"@example.com",
		"jane@example",
		"jane@localhost",
		"jane@.local",
		"jane@exa_mple.com",
		"jane@example..com",
		"ja ne@example.com",
		"jane@@example.com",
		"Jane <jane@example.com>",
		"jane@example.com, joe@example.com",
		"jane@example.com\r\nBcc: everyone@example.com",
		"jane\r\n@example.com",
		"jane\0@example.com",
		'"jane doe"@example.com',
		"jane@[127.0.0.1]",
		"jane@example.com.",
		"jane@nobody.invalid",
		"jane@xn--zzzzzzzz99999.com",
		"x" * 65 + "@example.com",
		"é" * 33 + "@example.com",
		"jane@" + "a" * 64 + ".com",
		"jane@" + "a." * 125 + "com",
	],
)
def test_refuses_with_a_sentence(raw):
	with pytest.raises(InvalidAddress) as refusal:
		normalise(raw)
	assert str(refusal.value).endswith(".")
	assert len(str(refusal.value)) > 20


def test_what_is_refused_is_empty_where_that_is_asked_for():
	assert normalise_or_empty(" Jane@Example.COM ") == "Jane@example.com"
	assert [normalise_or_empty(raw) for raw in (None, "", "jane", "jane@", "jane@localhost")] == [""] * 5


def test_key_tells_people_apart_that_the_collation_takes_for_one():
	assert address_key("josé@example.com") != address_key("jose@example.com")
	assert address_key("straße@example.com") != address_key("strasse@example.com")
	assert (
		address_key("JOSÉ@example.com")
		== address_key("josé@example.com")
		== address_key("jose\u0301@example.com")
	)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\\"), max_size=60))
def test_key_is_plain_stable_and_short(text):
	assert address_key(text).isascii()
	assert address_key(text) == address_key(text).lower()
	assert len(address_key(text)) <= KEY_LENGTH
	assert address_key(address_key(text)) == address_key(text)


def test_long_keys_stay_different():
	first, second = ("é" * 30 + "@" + "a" * 60 + "." + "b" * 60 + "." + end * 40 + ".com" for end in "cd")
	assert len(address_key(first)) <= KEY_LENGTH
	assert address_key(first) != address_key(second)


def test_spellings():
	assert spellings("jane@example.com") == ["jane@example.com"]
	assert spellings(normalise("é@Müller.example")) == ["é@xn--mller-kva.example", "é@müller.example"]
	assert spellings(normalise("sam@büro.local")) == ["sam@xn--bro-hoa.local", "sam@büro.local"]


@pytest.mark.parametrize(
	"address",
	[
		'"=?utf-8?q?a?="@x.example',
		"=?utf-8?q?boss=40bank=2Eexample?=@x.example",
		"jo.=?x@x.example",
		"jo\u3164@x.example",
		"j\u115fo@x.example",
		"jo\ufe0f@x.example",
		"jo\u2800@x.example",
		"jo\u200b\u202e@x.example",
		"jo(boss@bank.example)@x.example",
		'"boss@bank.example"@x.example',
		"jo@x.example (boss)",
		"Boss <jo@x.example>",
		"jo\r\n @x.example",
	],
)
def test_an_address_that_is_shown_as_another_one_is_refused(address):
	with pytest.raises(InvalidAddress):
		normalise(address)


@pytest.mark.parametrize("address", ["=?utf-8?q?jo?=@x.example", "jo\u3164@x.example"])
def test_such_an_address_of_an_earlier_version_is_known_all_the_same(address):
	assert normalise_known(f" {address} ") == address


@pytest.mark.parametrize(
	"address", ["jo=x@x.example", "what?@x.example", "björn@x.example", "नमिता@x.example"]
)
def test_an_odd_address_that_is_shown_as_it_is_stays(address):
	assert normalise(address) == address


@pytest.mark.parametrize(
	("email", "box"),
	[
		("Jo+1@x.example", "jo@x.example"),
		("jo+1+2@X.example", "jo@x.example"),
		("j.o+1@gmail.com", "jo@gmail.com"),
		("J.O@googlemail.com", "jo@gmail.com"),
		("j.o@x.example", "j.o@x.example"),
		("+jo@x.example", "+jo@x.example"),
		("é+1@x.example", "\\xe9@x.example"),
	],
)
def test_tags_of_one_mailbox_are_counted_together(email, box):
	assert mailbox_key(email) == box
