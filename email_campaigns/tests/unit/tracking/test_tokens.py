"""Tokens: nothing changed, foreign or meant for something else is accepted."""

import hmac
import random
import string
from base64 import urlsafe_b64decode
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.tracking.tokens import PURPOSES, BadToken, Token, TokenRing

RING = TokenRing({"k1": b"secret of this site"})
MESSAGES = st.integers(0, 2**63 - 1)
LINKS = st.text(string.ascii_letters + string.digits + "-_", max_size=12)


def accepted(purpose, token, ring=RING):
	try:
		return ring.verify(purpose, token)
	except BadToken:
		return None


@given(st.sampled_from(sorted(PURPOSES)), MESSAGES, LINKS)
def test_a_token_round_trip_is_short_and_url_safe(purpose, message, link):
	token = TokenRing({"abcd": b"x"}).sign(purpose, message, link)
	assert len(token) <= 60
	assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
	assert TokenRing({"abcd": b"x"}).verify(purpose, token) == Token(message, link)


def test_link_zero_is_no_link():
	assert RING.verify("click", RING.sign("click", 5, 0)) == Token(5, "")
	assert RING.verify("click", RING.sign("click", 5, 17)) == Token(5, "17")


def test_one_purpose_is_refused_for_another():
	for made in PURPOSES:
		token = RING.sign(made, 12, "a")
		assert {asked for asked in PURPOSES if accepted(asked, token)} == {made}


def test_an_unknown_purpose_is_refused():
	with pytest.raises(KeyError):
		RING.sign("delete", 1)
	assert accepted("delete", RING.sign("open", 1)) is None


@pytest.mark.parametrize(("message", "link"), [(-1, ""), (2**63, ""), (1, "a b"), (1, "é"), (1, "x" * 13)])
def test_a_value_that_a_token_cannot_carry_is_refused(message, link):
	with pytest.raises(ValueError, match="A token can't name"):
		RING.sign("click", message, link)


def test_another_sites_key_is_refused():
	assert accepted("open", RING.sign("open", 3), TokenRing({"k1": b"secret of another site"})) is None


def test_rotation_signs_with_the_first_and_verifies_with_all():
	rotated = TokenRing({"k2": b"new secret", "k1": b"secret of this site"})
	assert rotated.verify("view", RING.sign("view", 9)) == Token(9, "")
	assert rotated.sign("view", 9).startswith("k2.")
	assert accepted("view", rotated.sign("view", 9)) is None


def test_a_key_id_does_not_lend_its_name_to_another_key():
	rotated = TokenRing({"k2": b"new secret", "k1": b"secret of this site"})
	assert accepted("view", "k2" + RING.sign("view", 9)[2:], rotated) is None


@pytest.mark.parametrize(
	"secrets", [{}, {"": b"x"}, {"K1": b"x"}, {"k.1": b"x"}, {"long1": b"x"}, {"é": b"x"}]
)
def test_a_ring_with_bad_key_ids_is_refused(secrets):
	with pytest.raises(ValueError, match="A ring needs secrets"):
		TokenRing(secrets)


def mutations(token, count):
	"""Changed, dropped, doubled, swapped and inserted characters, foreign ones among them."""
	dice = random.Random(20240229)
	letters = string.ascii_letters + string.digits + "-_.=+/ \n\0é!%"
	for _ in range(count):
		at, letter = dice.randrange(len(token)), dice.choice(letters)
		change = dice.randrange(5)
		if change == 0:
			yield token[:at] + letter + token[at + 1 :]
		elif change == 1:
			yield token[:at] + token[at + 1 :]
		elif change == 2:
			yield token[:at] + letter + token[at:]
		elif change == 3:
			yield token[:at]
		else:
			other = dice.randrange(len(token))
			characters = list(token)
			characters[at], characters[other] = characters[other], characters[at]
			yield "".join(characters)


@pytest.mark.parametrize(("purpose", "link"), [("unsubscribe", "news"), ("click", "k3j5mz2qpa")])
def test_none_of_100_000_mutations_is_accepted(purpose, link):
	token = RING.sign(purpose, 123456, link)
	tried = [mutant for mutant in mutations(token, 130_000) if mutant != token][:100_000]
	assert len(tried) == 100_000
	assert not [mutant for mutant in tried if accepted(purpose, mutant)]


@given(st.sampled_from(sorted(PURPOSES)), MESSAGES, LINKS)
def test_many_links_of_one_mail_are_signed_as_one_is(purpose, message, link):
	assert RING.signing(purpose, message)(link) == RING.sign(purpose, message, link)


@given(st.sampled_from(sorted(PURPOSES)), MESSAGES, LINKS)
def test_signatures_are_hmacs_of_the_standard_library(purpose, message, link):
	"""So tokens of mails that were sent before stay what they are."""
	extracted = hmac.digest(b"email_campaigns.tracking", b"secret of this site", "sha256")
	key = hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
	body, _, tag = RING.sign(purpose, message, link).rpartition(".")
	assert urlsafe_b64decode(tag) == hmac.digest(key, body.encode(), "sha256")[:18]


def test_tokens_that_earlier_versions_made_are_still_made():
	assert RING.sign("click", 123456, "k3j5mz2qpa") == "k1.1e240.k3j5mz2qpa.SG7VqUhV4j7BSAqh9GyQXdS-"
	assert RING.message_id_local_part(123456) == "k1.1e240.ecdd70d1fca0a8721064ebf0da5450e9"


def test_every_change_of_the_last_character_is_refused():
	"""Base64 with spare bits would have four spellings of one signature."""
	token = RING.sign("unsubscribe", 1)
	for letter in string.printable:
		assert accepted("unsubscribe", token[:-1] + letter) is None or token.endswith(letter)
		assert accepted("unsubscribe", token + letter) is None


@given(st.text(max_size=80))
def test_garbage_is_refused_and_never_crashes(text):
	assert accepted("open", text) is None
	with pytest.raises(BadToken):
		RING.message_from_local_part(text)
	assert not RING.is_own(text)


@given(MESSAGES)
def test_a_message_id_leads_back_to_its_message(message):
	local = RING.message_id_local_part(message)
	assert local == RING.message_id_local_part(message)
	assert len(local) <= 64
	assert RING.message_from_local_part(local) == message
	assert RING.message_from_local_part(f" {local.upper()} ") == message


def test_a_message_id_of_others_is_refused():
	local = RING.message_id_local_part(7)
	for text in (
		local[:-1],
		local + "0",
		local.replace(".7.", ".8."),
		"k9" + local[2:],
		local[:-1] + "g",
		"",
	):
		with pytest.raises(BadToken):
			RING.message_from_local_part(text)
	with pytest.raises(BadToken):
		TokenRing({"k1": b"another"}).message_from_local_part(local)


ADDRESSES = pytest.mark.parametrize(
	("make", "read"),
	[("verp_local_part", "message_from_verp"), ("opt_out_local_part", "message_from_opt_out")],
)


def read_address(read, local_part, ring=RING):
	try:
		return getattr(ring, read)(local_part)
	except BadToken:
		return None


@ADDRESSES
@given(message=MESSAGES)
def test_an_address_leads_back_to_its_message(make, read, message):
	ring = TokenRing({"abcd": b"x"})
	local_part = getattr(ring, make)(message, "bounce")
	assert local_part == local_part.lower() == getattr(ring, make)(message, "bounce")
	assert len(local_part) <= 64
	assert local_part.startswith("bounce+")
	assert set(local_part) <= set(string.ascii_lowercase + string.digits + ".+")
	token = local_part.removeprefix("bounce+")
	assert token == getattr(ring, make)(message)
	for text in (local_part, f" {local_part.upper()} ", token, f"news+{token}"):
		assert getattr(ring, read)(text) == message
	assert ring.is_own(local_part)


@ADDRESSES
def test_an_address_of_one_kind_is_refused_as_another(make, read):
	local_part = getattr(RING, make)(12)
	readers = ("message_from_verp", "message_from_opt_out", "message_from_local_part")
	assert {each for each in readers if read_address(each, local_part) is not None} == {read}
	swapped = local_part.removeprefix("leave.") if local_part.startswith("leave.") else f"leave.{local_part}"
	assert not any(read_address(each, swapped) for each in readers)
	assert read_address("message_from_verp", RING.message_id_local_part(12)) is None


@ADDRESSES
def test_no_changed_address_is_accepted(make, read):
	token = getattr(RING, make)(123456)
	tried = {m for m in mutations(token, 60_000) if m.strip().lower().rpartition("+")[2] != token}
	assert len(tried) > 5_000
	assert not [mutant for mutant in tried if read_address(read, mutant) is not None]


@ADDRESSES
def test_an_address_of_another_key_is_refused_and_a_rotated_key_is_known(make, read):
	local_part = getattr(RING, make)(9)
	assert read_address(read, local_part, TokenRing({"k1": b"secret of another site"})) is None
	rotated = TokenRing({"k2": b"new secret", "k1": b"secret of this site"})
	assert read_address(read, local_part, rotated) == 9
	assert getattr(rotated, make)(9).removeprefix("leave.").startswith("k2.")


@ADDRESSES
def test_an_address_that_no_server_takes_is_not_made(make, read):
	assert len(getattr(RING, make)(1, "a" * 20)) <= 64
	with pytest.raises(ValueError, match="longer than a local part"):
		getattr(RING, make)(1, "a" * 40)
	with pytest.raises(ValueError, match="can't name message"):
		getattr(RING, make)(-1)


def test_addresses_that_earlier_versions_made_are_still_made():
	assert RING.verp_local_part(123456, "bounce") == "bounce+k1.1e240.dzu4qxgubq52hrpsrichcgce"
	assert RING.opt_out_local_part(123456) == "leave.k1.1e240.sail4ucxcr27ixpdrhuu3pt5"


def test_only_what_is_signed_is_own():
	assert RING.is_own(RING.message_id_local_part(7))
	assert not RING.is_own(RING.message_id_local_part(7)[:-1] + "g")
	assert not RING.is_own(RING.sign("click", 7))
	assert not RING.is_own("ada")


def test_signing_is_quick():
	"""Up to 20 tokens a mail; the bound is ten times what is measured, for slow machines."""
	started = process_time()
	for message in range(10_000):
		RING.sign("click", message, "news")
	assert (process_time() - started) / 10_000 < 100e-6
