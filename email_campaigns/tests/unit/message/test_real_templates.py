"""What real templates hold: links, comments, style sheets and hidden lines as export tools write them."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from email_campaigns.message.compile import TemplateError, compile_message
from email_campaigns.message.html.footer import Footer, as_document
from email_campaigns.message.html.inline import inline_styles
from email_campaigns.message.html.plaintext import plain_text
from email_campaigns.message.links.hrefs import hrefs, shows
from email_campaigns.message.links.hyperlinks import prepare_links
from email_campaigns.tests.unit.message.html.test_tokens import HTML

UNSUBSCRIBE = "https://example.com/u"
VALUES = {
	"doc": {"name": "Jo"},
	"unsubscribe_url": UNSUBSCRIBE,
	"open_url": "https://t.example/o.gif",
	"tracking_url": lambda name: f"https://t.example/{len(name)}",
}


def everything(url):
	return True


def mail(html, **options):
	return compile_message("s", html, **options).render(VALUES)


@pytest.mark.parametrize(
	("html", "address"),
	[
		(
			'<a href="https://shop.example/?a=1&currency=EUR&section=2&region=de">x</a>',
			"https://shop.example/?a=1&currency=EUR&section=2&region=de",
		),
		(
			"<!--[if !mso]><!--><a href='https://shop.example/go'>Go</a><!--<![endif]-->",
			"https://shop.example/go",
		),
		("<!--><a href='https://shop.example/'>x</a>", "https://shop.example/"),
		("<!---><a href='https://shop.example/'>x</a>", "https://shop.example/"),
		("<!-- a --!><a href='https://shop.example/'>x</a>", "https://shop.example/"),
		("<a\nhref=https://shop.example/>x</a>", "https://shop.example/"),
		("<a/href=https://shop.example/>x</a>", "https://shop.example/"),
		("<a href=https://shop.example/?a=1&amp;b=2>x</a>", "https://shop.example/?a=1&b=2"),
		("<A HREF='HTTPS://shop.example/'>x</A>", "HTTPS://shop.example/"),
		("<a href=https://shop.example/1 href=https://shop.example/2>x</a>", "https://shop.example/1"),
		("<a title='>' href='https://shop.example/'>x</a>", "https://shop.example/"),
		("<a href='https://shop.\nexample/'>x</a>", "https://shop.example/"),
		("<map><area href='https://shop.example/'></map>", "https://shop.example/"),
		("<svg><a xlink:href='https://shop.example/'></a></svg>", "https://shop.example/"),
		("<noscript><a href='https://shop.example/'>x</a></noscript>", "https://shop.example/"),
		("<style>a{}</style ><a href='https://shop.example/'>x</a>", "https://shop.example/"),
		("<script>'<!--'</script><a href='https://shop.example/'>x</a>", "https://shop.example/"),
	],
)
def test_a_link_that_people_follow_is_tracked(html, address):
	assert list(prepare_links(html, everything).links) == [address]


@pytest.mark.parametrize("name", ["textarea", "title", "xmp", "plaintext", "style", "script", "iframe"])
def test_what_is_text_is_no_link(name):
	html = f"<p>x</p><{name}><a href='https://shop.example/'>x</a>"
	assert prepare_links(html, everything).html == html


def test_outlooks_copy_of_a_button_is_the_same_link():
	html = (
		'<!--[if mso]><v:roundrect href="https://shop.example/?a&amp;b"><center>Go</center></v:roundrect><![endif]-->'
		'<!--[if !mso]><!--><a href="https://shop.example/?a&amp;b">Go now</a><!--<![endif]-->'
	)
	result = prepare_links(html, everything)
	assert result.links == {"https://shop.example/?a&b": "Go"}
	assert result.html == html.replace(
		"https://shop.example/?a&amp;b", '{{ tracking_url("https://shop.example/?a&b") }}'
	)
	assert mail(html, tracks=everything).html.count('href="https://t.example/25"') == 2


@pytest.mark.parametrize(
	"html",
	[
		"<html><body><p>x</p></body></html><!-- </body> -->",
		"<html><body><p>x</p></body></html><!--[if mso]></body><![endif]-->",
		"<html><body><p>x</p><title></body></title></body></html>",
		"<html><body><p>x</p></BODY\n></html><!--",
		"<html><body><p>x</p><!-- ",
		"<html><body><p>x</p><b title='",
		"<html><body><p>x</p><style>p{}",
		"<p>x</p><textarea>",
		"<p>x</p><!-- no end",
	],
)
def test_footer_and_pixel_are_where_readers_see_them(html):
	content = mail(html, footer=Footer("Us"), open_pixel=True)
	assert shows(content.html, UNSUBSCRIBE)
	assert "<img src=" in re.sub(r"<!--.*?(?:-->|$)", "", content.html)
	before = content.html.index("<p>x</p>") + len("<p>x</p>")
	assert content.html.index("Us<br>") > before
	if "<title>" not in html:
		assert content.html[before:].startswith("<div style=")


HIDDEN = [
	"<!-- {} -->",
	"<!--[if mso]>{}<![endif]-->",
	"<div style='display:none'>{}</div>",
	"<div style='color:red; DISPLAY : none !important'><p>{}</p></div>",
	"<div style='font-size:0;line-height:0'>{}</div>",
	"<div style='max-height:0px;overflow:hidden'>{}</div>",
	"<div style='visibility:hidden'>{}</div>",
	"<div style='opacity:0'>{}</div>",
	"<div hidden>{}</div>",
	"<style>.h{{display:none}}</style><div class=h>{}</div>",
]


@pytest.mark.parametrize("around", [case for case in HIDDEN if "font-size" not in case])
def test_an_unsubscribe_link_that_nobody_sees_is_none(around):
	html = "<p>x</p>" + around.format("<a href='{{ unsubscribe_url }}'>Leave</a>")
	message = compile_message("s", html)
	assert not message.uses_unsubscribe
	assert not shows(message.render(VALUES).html, UNSUBSCRIBE)
	assert shows(mail(html, footer=Footer()).html, UNSUBSCRIBE)


@pytest.mark.parametrize(
	"html",
	[
		"<a href='{{ unsubscribe_url }}'>Leave</a>",
		"<p>{{ unsubscribe_url }}</p>",
		"<div style='font-size:0'><a style='font-size:12px' href='{{ unsubscribe_url }}'>x</a></div>",
		"<a style='mso-hide:all' href='{{ unsubscribe_url }}'>x</a>",
		"<style>@media print{.h{display:none}}</style><p class=h><a href='{{ unsubscribe_url }}'>x</a></p>",
		"<div style='max-height:0.5em;opacity:0.5'><a href='{{ unsubscribe_url }}'>x</a></div>",
	],
)
def test_an_unsubscribe_link_that_people_see(html):
	message = compile_message("s", html)
	assert message.uses_unsubscribe
	assert shows(message.render(VALUES).html, UNSUBSCRIBE)


@pytest.mark.parametrize("around", HIDDEN)
def test_a_hidden_line_is_not_in_the_text(around):
	html = around.format("Preheader {{ doc.name }} &zwnj;&nbsp;") + "<p>Hello {{ doc.name }}</p>"
	message = compile_message("s", html)
	assert message.render(VALUES).text.strip() == "Hello Jo"
	assert not message.text_from_html
	assert plain_text(message.render(VALUES).html).strip() == "Hello Jo"


@pytest.mark.parametrize(
	("html", "text"),
	[
		("{% if doc.name %}<p hidden>y</p>{% endif %}<p>x</p>", "x"),
		("<p hidden>{% if doc.no %}y{% else %}z{% endif %}</p><p>x</p>", "x"),
		("<p hidden>{% set a = 1 %}</p><p>x {{ a }}</p>", "x 1"),
		("<p hidden>y{% if doc.no %}</p><p>x</p>{% endif %}<p>w</p>", "w"),
	],
)
def test_jinja_in_a_hidden_line(html, text):
	assert mail(html).text.strip() == text


@pytest.mark.parametrize(
	("html", "text"),
	[
		(
			'<a href="https://a.example/"><img src=x alt="Our\n offer"></a>',
			"[Our offer] (https://a.example/)",
		),
		('<a href="https://a.example/"><img src=x alt=""></a>', "https://a.example/"),
		('<a href="https://a.example/"><img src=x alt=Logo> Shop</a>', "[Logo] Shop (https://a.example/)"),
		('<a href="https://a.example/"><img src=x alt="{{ doc.name }}"></a>', "[Jo] (https://a.example/)"),
	],
)
def test_a_picture_in_a_link_has_its_text(html, text):
	assert mail(f"<p>{html}</p>").text == text


@pytest.mark.parametrize(
	"css",
	[
		"@media screen{#outlook a{padding:0}}",
		"@media screen{#outlook a{padding:0}}/*#}*/",
		"@media print{#-x{a:b}#_y{a:b}}",
		"@media print{.b{#\\31 {a:b}}}",
	],
)
@pytest.mark.parametrize("around", ["<style>{}</style>", "<!--[if mso]><style>{}</style><![endif]-->"])
def test_a_brace_of_css_begins_no_comment(css, around):
	html = "<html><head>" + around.replace("{}", css) + "</head><body><p>x #} y</p></body></html>"
	content = mail(html)
	assert "#outlook" in content.html or "outlook" not in css
	assert "<p>x #} y</p>" in content.html
	assert content.html.replace(" !important", "").count(css[css.index("#") :]) == 1


def test_rules_around_such_a_brace_are_inlined():
	html = mail("<style>p{color:red}@media screen{#outlook a{padding:0}}</style><p>x</p>").html
	assert '<p style="color: red;">x</p>' in html
	assert "@media screen{#outlook a{padding:0 !important}}" in html


@pytest.mark.parametrize(
	("html", "expected"),
	[
		("<style>p{}{# a comment #}</style>", "<style>p{}</style>"),
		("<style>p{}{#- a comment -#} q{}</style>", "<style>p{}q{}</style>"),
		("<style>p{color:{{ doc.name }}}</style>", "<style>p{color:Jo}</style>"),
		("<style>{% if 1 %}p{}{% endif %}@keyframes a{to{width:100%}}</style>", "{to{width:100%}}</style>"),
		("<script>class A{#x=1}</script>", "<script>class A{#x=1}</script>"),
		("<p>{#comment#}y</p>", "<p>y</p>"),
	],
)
def test_jinja_in_style_sheets_and_scripts(html, expected):
	assert expected in mail(f"<p>x</p>{html}").html.replace(' data-css-inline="ignore"', "")


def test_a_link_to_a_web_font_stays_and_the_rest_is_inlined():
	html = mail(
		"<html><head><link href='https://fonts.example/css?a&amp;b' rel=stylesheet>"
		"<style>p{color:red}</style></head>"
		"<body><p>x</p></body></html>"
	).html
	assert "<link href='https://fonts.example/css?a&amp;b' rel=stylesheet>" in html
	assert '<p style="color: red;">x</p>' in html


@given(HTML)
def test_without_placeholders_nothing_changes(html):
	assume(not re.search(r"\{[{%#]", html))
	source = as_document(html)
	assert prepare_links(source).html == source
	if "<style" not in html:
		assert inline_styles(source) == source
	try:
		rendered = compile_message("s", html).render({}).html
	except TemplateError:
		return
	if "<style" not in html:
		assert rendered == re.sub("\r\n?", "\n", source)


LINK = st.sampled_from(
	["'https://a.example/?b&copy=1'", "https://a.example/", '"http://b.example/&amp;c"']
).map(lambda address: f"<a href={address}>")


@given(st.lists(st.one_of(HTML, LINK), max_size=8).map("".join))
def test_with_tracked_links_only_their_addresses_change(html):
	assume(not re.search(r"\{[{%#]", html))
	result = prepare_links(html, everything)
	parts = re.split(r'"?\{\{ tracking_url\("([^"]*)"\) \}\}"?', result.html)
	position = 0
	for fixed in parts[::2]:
		assert fixed.strip("\"'") in html[position:]
		position = html.index(fixed.strip("\"'"), position)
	assert set(parts[1::2]) == set(result.links)


def test_links_of_a_rendered_mail():
	assert hrefs("<a href='/?a&copy=1'>x</a><!-- <a href=2> --><A HREF=3><area href=' 4 '><a href>") == [
		"/?a&copy=1",
		"3",
		"4",
		"",
	]
