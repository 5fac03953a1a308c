"""Templates are read as browsers read them; each token, attribute and piece of Jinja is where it stands."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from turbohtml import tokenize

from email_campaigns.message.html.pieces import _lexed_pieces, _simple_pieces
from email_campaigns.message.html.tokens import Html, read_html, url_of

PIECES = st.sampled_from(
	[
		"<a",
		"<A\n",
		"<br/",
		"</a",
		"<td",
		" href",
		"HREF",
		"=",
		'"',
		"'",
		"/",
		">",
		"<",
		" ",
		"\t",
		"\r\n",
		"x",
		"&",
		"&amp;",
		"&currency=",
		"<!--",
		"-->",
		"--!>",
		"<!-->",
		"<!--->",
		"<![if x]>",
		"<?xml",
		"é",
		"😀",
		"\f",
		"<style>",
		"</style>",
		"<title>",
		"</title>",
		"<textarea>",
		"</textarea >",
		"<script>",
		"</script>",
		"\n",
		"<noscript>",
		"</noscript>",
		"<xmp>",
		"<plaintext>",
		"{",
		"}",
		"#",
		"https://a.example/",
		"-",
		"!",
		"\0",
	]
)
HTML = st.lists(PIECES, max_size=30).map("".join)
JINJA = [
	"{{ doc.a }}",
	"{{ '}}>' }}",
	"{% if a > 1 %}",
	"{% endif %}",
	"{#- <a> #}",
	"{% raw %}<{{{% endraw %}",
]


def tags(html):
	document = Html(html)
	return [
		(
			token.name,
			html[token.start : token.end],
			{each.name: document.value(each) for each in reversed(document.attributes(token))},
		)
		for token in document.tokens
		if token.kind == "start"
	]


def as_tokenizer_reads(html):
	"""What the tokenizer itself makes of the start tags."""
	return [
		(
			token.tag.replace("noscripx", "noscript"),
			{name.replace("noscripx", "noscript"): value for name, value in reversed(token.attrs)},
		)
		for token in tokenize(html.replace("noscript", "noscripx"))
		if token.type.name == "START_TAG"
	]


@given(HTML)
def test_tags_and_values_are_those_of_the_standard(html):
	plain = html.replace("\0", "\ufffd").replace("\r\n", "\n")
	assert [(name, values) for name, _source, values in tags(plain)] == as_tokenizer_reads(plain)


@given(HTML)
def test_positions_are_those_of_the_original(html):
	position = 0
	for token in Html(html).tokens:
		assert position <= token.start < token.end <= len(html)
		assert html[token.start] == "<"
		assert html[token.end - 1] == ">" or token.end == len(html)
		position = token.end


@given(
	st.lists(st.one_of(PIECES.filter(lambda piece: piece not in "{}#"), st.sampled_from(JINJA))).map("".join)
)
def test_pieces_of_jinja_are_where_they_stand(source):
	document = read_html(source)
	assert len(document.covered) == len(source)
	for piece in document.pieces:
		assert source[piece.start : piece.end] == piece.text
		assert piece.text in JINJA
	written = re.findall("|".join(map(re.escape, JINJA)), source)
	assert [piece.text for piece in document.pieces] == written


@pytest.mark.parametrize(
	("html", "value"),
	[
		(
			'<a href="https://shop.example/?a=1&currency=EUR&section=2&region=de">',
			"https://shop.example/?a=1&currency=EUR&section=2&region=de",
		),
		("<a href=/?a=1&amp;copy=2&copy;>", "/?a=1&copy=2©"),
		("<a href='&copy'>", "©"),
		("<a\nhref=x/>", "x/"),
		("<a/href=x>", "x"),
		("<A HREF = 'x'>", "x"),
		("<a href=>", ""),
		("<a href>", ""),
		("<a href=x href=y>", "x"),
		('<a =b href="x">', "x"),
	],
)
def test_a_value_is_what_a_browser_reads(html, value):
	((_name, _source, values),) = tags(html)
	assert values["href"] == value


@pytest.mark.parametrize(
	"html",
	[
		"<!--x-->{}",
		"<!-->{}",
		"<!--->{}",
		"<!--x--!>{}",
		"<!x>{}",
		"<?x>{}",
		"</ x>{}",
		"<noscript>{}",
		"a < b {}",
		"<title></TITLE >{}",
		"<svg>{}",
		"<template>{}",
		"<textarea></textarea>{}",
		"</>{}",
		"\ufeff{}",
		"\r\n\0{}",
	],
)
def test_a_tag_that_a_reader_meets(html):
	assert ("a", "<a b=c>") in [(name, source) for name, source, _ in tags(html.format("<a b=c>"))]


@pytest.mark.parametrize(
	"html",
	[
		"<!--x{}",
		"<!--x--!{}",
		"<!-- > {}-->",
		"<title>{}",
		"<textarea>{}</textarea>",
		"<xmp>{}</xmp>",
		"<style>{}",
		"<plaintext>{}",
		"<script>{}</script>",
		"<iframe>{}</iframe>",
		"<b c='{}",
	],
)
def test_a_tag_that_is_none(html):
	assert "a" not in [name for name, _, _ in tags(html.format("<a b=c>"))]


@pytest.mark.parametrize(
	("html", "rest"),
	[
		("x<!-- y -- >", "<!-- y -- >"),
		("x<b c='", "<b c='"),
		("x<style>p{}", "<style>p{}"),
		("x < y", ""),
		("x<b><!-->", ""),
		("<b>x<plaintext>y", "<plaintext>y"),
		("x<!--->", ""),
		("x<![if y]>", ""),
		("x", ""),
	],
)
def test_what_has_no_end(html, rest):
	assert html[Html(html).end_of_text :] == rest


def test_where_jinja_stands():
	source = (
		"{{ a }}<p {{ a }} b='{{ a }}' c={{ a }}><!--{{ a }}--><style>{{ a }}</style><title>{{ a }}</title>"
	)
	document = read_html(source)
	states = [document.state(piece.start) for piece in document.pieces]
	assert states == ["text", "tag", "value", "value", "comment", "raw", "raw"]


def test_an_address_without_what_browsers_leave_out():
	assert url_of(" \x00https://a.exa\r\nmple/\tb c\n") == "https://a.example/b c"


def test_tags_of_conditional_comments():
	html = '<p><!--[if mso | IE]><v:rect href="x"><![endif]--><!--[if !mso]><!--><a href="y"><!--<![endif]-->'
	names = [(token.name, token.conditional) for token in Html(html).all_tokens if token.kind == "start"]
	assert names == [("p", False), ("v:rect", True), ("a", False)]
	for token in Html(html).all_tokens:
		assert not token.name or re.match(rf"</?{token.name}\b", html[token.start : token.end])


SIMPLE = [
	"{{ doc.a }}",
	"{{ f('}}') }}",
	'{% if a == "%}" %}',
	"{% endif %}",
	"{{ a|b(1) }}",
	"{{ {} }}",
	"x",
	"<p>",
]


@given(st.lists(st.sampled_from([*SIMPLE, "{% raw %}{{{% endraw %}", "{# '\" #}", "\r\n"])).map("".join))
def test_plain_pieces_are_those_of_the_lexer(source):
	pieces = _simple_pieces(source)
	assert pieces is None or pieces == list(_lexed_pieces(source))
