"""Texts and fields as they are stored with sent mails: the same content has the same name, and comes back."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.delivery.compose.composer import Composer, used_fields
from email_campaigns.delivery.compose.personal_links import PersonalLinks
from email_campaigns.delivery.compose.sent_text import LinkTarget, SentText, name_of, read_text
from email_campaigns.delivery.ledger.row import ClaimedMail, MailHeading
from email_campaigns.message.compile import Footer, MessageSource, compile_message, compile_source
from email_campaigns.message.plain_json import load_json, write_json
from email_campaigns.tracking.links import LinkMaker
from email_campaigns.tracking.tokens import TokenRing

DATA = Path(__file__).resolve().parents[2] / "data"
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
sources = st.builds(MessageSource, texts, texts, texts, st.booleans())
targets = st.builds(LinkTarget, texts, texts)
sent_texts = st.builds(
	SentText,
	**dict.fromkeys(
		("mailing", "title", "campaign", "edition", "sender_name", "sender_address", "reply_to", "base_url"),
		texts,
	),
	informational=st.booleans(),
	names_copies=st.booleans(),
	source=sources,
	links=st.dictionaries(texts, targets, max_size=3),
)
plain = st.one_of(
	st.none(),
	st.integers(),
	st.floats(allow_nan=False),
	texts,
	st.decimals(allow_nan=False),
	st.dates(),
	st.datetimes(),
	st.times(),
	st.timedeltas(),
	st.binary(max_size=8),
)
fields = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), plain, max_size=4)


@given(sent_texts, sent_texts)
def test_texts_have_the_same_name_if_and_only_if_they_are_equal(one, other):
	assert (one.name == other.name) == (one == other)
	assert (one.content == other.content) == (one == other)


@given(sent_texts)
def test_a_text_comes_back_as_it_was(text):
	assert read_text(text.content) == text
	assert name_of(text.content) == read_text(text.content).name == text.name


@given(sent_texts)
def test_the_order_of_links_is_no_content(text):
	assert replace(text, links=dict(reversed(text.links.items()))).name == text.name


def test_a_later_format_is_refused():
	with pytest.raises(ValueError, match="format"):
		read_text('{"format":3}')


@given(fields, st.lists(fields, max_size=2))
def test_fields_come_back_with_their_types_and_in_their_order(record, children):
	stored = load_json(write_json({**record, "children": children}))
	assert stored == {**record, "children": children}
	assert list(stored) == [*dict.fromkeys((*record, "children"))]
	assert [type(value) for value in stored.values()] == [type(stored[field]) for field in stored]
	assert {field: type(stored[field]) for field in record if field != "children"} == {
		field: type(value) for field, value in record.items() if field != "children"
	}


@given(texts, texts)
def test_a_search_finds_an_address_at_the_start_of_a_line(before, after):
	pattern = re.compile(r"(?<![\w.+-])jo@example\.org(?![\w-]|\.\w)")
	for end in ("\n", "\r\n", "\t"):
		assert pattern.search(write_json({"note": f"{before}{end}jo@example.org{end}{after}"}))


def test_what_is_no_plain_value_is_refused():
	with pytest.raises(TypeError, match="object"):
		write_json({"a": object()})


@pytest.mark.parametrize(
	("html", "used"),
	[
		("<p>Hello</p>", None),
		("<p>{{ doc.a }}</p>", {"a": 1}),
		("<p>{{ doc.a }}{{ doc.nothing }}</p>", {"a": 1}),
		("<p>{{ doc.nothing }}</p>", {}),
		("<p>{% for field in doc %}{{ field }}{% endfor %}</p>", {"name": "N", "a": 1, "b": 2}),
	],
)
def test_only_the_fields_that_a_text_uses_are_stored(html, used):
	assert used_fields(compile_message("Hello", html), {"name": "N", "a": 1, "b": 2}) == used


def composer(text, compiled):
	ring = TokenRing({"k1": b"a secret for this test"})
	maker = LinkMaker(text.base_url, ring)
	return Composer(
		text,
		compiled,
		unsubscribe_url=maker.unsubscribe,
		message_id=lambda number: f"{ring.message_id_local_part(number)}@example.org",
		personal=PersonalLinks(maker, text.links, informational=text.informational),
	)


def letter(text, compiled, record):
	row = ClaimedMail(7, "kim@example.org", "Contact", "Kim")
	heading = MailHeading("kim@example.org", ("boss@example.org",))
	return composer(text, compiled).letter(row, record, 1_700_000_000, heading).content


SUBJECT = "{{ doc.first_name }} – {{ doc.day }}"
HTML = """<style>p { color: red }</style>
<p>{{ doc.first_name }} <a href="https://shop.example/?a=1&amp;b=%C3%A9">Shop</a>
<a href="{{ view_url }}">View</a></p>
{% if doc.price > 3 %}{{ format_number(doc.price) }}{% endif %}
{% for row in doc.rows %}<p>{{ row.size }}</p>{% endfor %} {{ mass_email.title }} {{ campaign.name }}"""
RECORD = {"first_name": "Zoë\n.", "day": date(2026, 2, 3), "price": Decimal("12.50"), "rows": [{"size": 1}]}


def a_text(informational=False, tracks=None):
	footer = Footer("Example Ltd", "1 Road\nAntwerp", not informational, "Abmelden")
	options = {"prefix": "[{{ no }}]", "tracks": tracks, "open_pixel": bool(tracks)}
	compiled = compile_message(SUBJECT, HTML, footer=footer, **options)
	text = SentText(
		*("M-1", "Spring", "Shoes", "", "News & Co", "news@example.org", "reply@example.org"),
		informational=informational,
		names_copies=True,
		base_url="https://example.org",
		source=compiled.source,
		links={url: LinkTarget("abcdefghij", url) for url in compiled.automatic_links},
	)
	return text, compiled


@pytest.mark.parametrize("informational", [False, True])
@pytest.mark.parametrize("tracks", [None, lambda url: True])
def test_a_stored_text_makes_the_same_bytes(informational, tracks):
	text, compiled = a_text(informational, tracks)
	sent = letter(text, compiled, RECORD)
	stored, values = read_text(text.content), load_json(write_json(used_fields(compiled, RECORD)))
	assert letter(stored, compile_source(stored.source), values) == sent
	assert sent.startswith(b"To: kim@example.org\r\n")


def test_texts_of_an_earlier_version_make_the_same_bytes():
	"""Who changes these bytes changes how earlier mails are made again: FORMAT has to be raised."""
	stored = read_text((DATA / "sent_text.txt").read_text("utf-8"))
	values = load_json((DATA / "sent_values.txt").read_text("utf-8"))
	expected = (DATA / "sent_text.eml").read_bytes().replace(b"\n", b"\r\n")
	assert letter(stored, compile_source(stored.source), values) == expected


def test_long_headers_of_an_earlier_version_are_folded_as_they_were():
	text, _compiled = a_text()
	subject = "Frühlingsgrüße für alle Freundinnen und Freunde unseres Hauses, ab Samstag"
	text = replace(
		text,
		source=replace(text.source, subject=subject),
		sender_name="Gärtnerei Müller & Söhne, Blumen und Pfla",
	)
	early, late = replace(text, format=1), replace(text, format=2)
	assert read_text(early.content) == early
	made = letter(early, compile_source(early.source), RECORD).split(b"\r\n")
	assert made[2:4] == [
		b"Subject: =?utf-8?b?RnLDvGhsaW5nc2dyw7zDn2UgZsO8ciBhbGxlIEZyZXVuZGlubmVuIHVuZCBG?=",
		b" =?utf-8?b?cmV1bmRlIHVuc2VyZXMgSGF1c2VzLCBhYiBTYW1zdGFn?=",
	]
	assert b"From: =?utf-8?b?R8OkcnRuZXJlaSBNw7xsbGVyICYgU8O2aG5lLCBCbHVtZW4gdW5kIFBmbGE=?=" in made
	made = letter(late, compile_source(late.source), RECORD).split(b"\r\n")
	assert all(len(line) <= 76 for line in made if b"=?" in line)


def test_fields_may_be_of_any_type_that_the_database_has():
	values = {
		"at": datetime(2026, 1, 2, 3, 4, 5, 6),
		"time": timedelta(hours=3),
		"clock": time(3),
		"raw": b"\0",
	}
	assert load_json(write_json(values)) == values
