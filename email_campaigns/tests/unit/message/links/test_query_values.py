"""Values in the query of a link: percent-encoded once, and never where they are an address themselves."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.message.compile import compile_message
from email_campaigns.message.links.hrefs import hrefs
from email_campaigns.message.links.query_values import encode_link_values

UNSUBSCRIBE = "https://crm.example/ec/u/token"
VALUES = {
	"unsubscribe_url": UNSUBSCRIBE,
	"view_url": "https://crm.example/ec/v/token",
	"campaign": {},
	"mass_email": {},
}


def link(html, **record):
	content = compile_message("Hello", html).render({**VALUES, "doc": record})
	return hrefs(content.html)[0]


@pytest.mark.parametrize(
	("href", "leads_to"),
	[
		("https://a.example/?n={{ doc.n }}", "https://a.example/?n=Anna%20%26%20Maria"),
		(
			"https://a.example/?n={{doc.n}}&m={{ doc.n }}",
			"https://a.example/?n=Anna%20%26%20Maria&m=Anna%20%26%20Maria",
		),
		("https://a.example/?a=1&amp;n=x-{{ doc.n }}-y", "https://a.example/?a=1&n=x-Anna%20%26%20Maria-y"),
		("https://a.example/?n={{ doc.n|urlencode }}", "https://a.example/?n=Anna%20%26%20Maria"),
		("https://a.example/?n={{ doc.n|replace(' ', '+') }}", "https://a.example/?n=Anna+&+Maria"),
		("https://a.example/?n={{ doc.n if doc.n else 1 }}", "https://a.example/?n=Anna%20%26%20Maria"),
		("https://a.example/?n={{- doc.n -}}&b=2", "https://a.example/?n=Anna%20%26%20Maria&b=2"),
		(
			"https://a.example/?back={{ view_url }}",
			"https://a.example/?back=https%3A%2F%2Fcrm.example%2Fec%2Fv%2Ftoken",
		),
		("mailto:x@a.example?subject=For {{ doc.n }}", "mailto:x@a.example?subject=For Anna%20%26%20Maria"),
		("{{ doc.url }}", "https://b.example/?a=1&b=2"),
		("{{ doc.url }}&n={{ doc.n }}", "https://b.example/?a=1&b=2&n={{ doc.n }}"),
		("https://{{ doc.host }}/x", "https://b.example/x"),
		("https://a.example/{{ doc.host }}/x", "https://a.example/b.example/x"),
		("https://a.example/?{{ doc.query }}", "https://a.example/?a=1&b=2"),
		("https://a.example/?a=1#{{ doc.host }}", "https://a.example/?a=1#b.example"),
	],
)
def test_what_a_link_leads_to(href, leads_to):
	record = {
		"n": "Anna & Maria",
		"url": "https://b.example/?a=1&b=2",
		"host": "b.example",
		"query": "a=1&b=2",
	}
	# Nobody knows whether a whole address has a query
	expected = leads_to.replace("{{ doc.n }}", "Anna & Maria")
	assert link(f'<a class="b" href="{href}">x</a>', **record) == expected


def test_how_the_attribute_is_written_does_not_matter():
	for attribute in ("HREF = '{}'", "title='a=b' href={}", '\n\thref="\n{}"'):
		html = f"<area {attribute.format('https://a.example/?n={{doc.n}}')}>x"
		assert link(html, n="a b") == "https://a.example/?n=a%20b"


def test_what_the_template_has_encoded_into_a_name_is_not_encoded_again():
	html = '{% set n = doc.n|urlencode %}<a href="https://a.example/?n={{ n }}">x</a>'
	assert link(html, n="a b") == "https://a.example/?n=a%20b"
	html = '{% macro n() %}a%20b{% endmacro %}<a href="https://a.example/?n={{ n() }}">x</a>'
	assert link(html) == "https://a.example/?n=a%20b"


def test_a_field_is_encoded_once_a_mail_however_many_links_have_it():
	html = '<a href="https://a.example/?n={{ doc.n }}">x</a>' * 3
	content = compile_message("Hello", html).render({**VALUES, "doc": {"n": "a b"}})
	assert content.html.count("?n=a%20b") == 3
	assert len(content.html_part.pieces) == 1


def test_an_empty_field_still_warns():
	message = compile_message("Hello", '<a href="https://a.example/?n={{ doc.n }}">x</a>')
	assert [str(w) for w in message.render({**VALUES, "doc": {}}).warnings] == ["doc.n has no value"]
	assert message.record_fields == {"n"}


def test_the_text_part_has_the_same_links():
	message = compile_message("Hello", '<a href="https://a.example/?n={{ doc.n }}">x</a>')
	assert "https://a.example/?n=a%20b" in message.render({**VALUES, "doc": {"n": "a b"}}).text


def test_the_link_to_unsubscribe_within_a_query_is_none_that_surely_works():
	href = "https://a.example/?to={{ unsubscribe_url }}"
	assert not compile_message("Hello", f'<a href="{href}">x</a>').uses_unsubscribe
	assert compile_message("Hello", '<a href="{{ unsubscribe_url }}">x</a>').uses_unsubscribe


@pytest.mark.parametrize(
	"before", ["http://shop.example/", "https://www.", "https://", "/app/email-template/", "shop.example/a/"]
)
@pytest.mark.parametrize(
	"placeholder", ["{{ unsubscribe_url }}", "%7B%7B%20unsubscribe_url%20%7D%7D", "{optOutUrl}"]
)
def test_an_address_before_that_of_unsubscribing_is_left_out(before, placeholder):
	assert link(f'<p>{{{{ doc.n }}}}</p><a href="{before}{placeholder}">x</a>') == UNSUBSCRIBE


@given(st.text(max_size=30))
def test_any_value_arrives_as_it_is(value):
	url = link('<a href="https://a.example/?n={{ doc.n }}&amp;last=1">x</a>', n=value + "x")
	printable = (value + "x").replace("\r\n", "\n").replace("\r", "\n")
	assert parse_qs(urlsplit(url).query, keep_blank_values=True)["last"] == ["1"]
	assert parse_qs(urlsplit(url).query)["n"][0].replace("\r\n", "\n").replace("\r", "\n") == printable


@given(st.text(alphabet="<a hrefz='\"=?&{}% \n", max_size=60))
def test_a_template_without_expressions_stays_as_it_is(html):
	if "{{" not in html:
		assert encode_link_values(html) == html
