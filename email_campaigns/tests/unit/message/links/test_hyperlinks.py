"""Plain links become tracked ones, and nothing else of a template changes."""

import re
from time import process_time

import pytest

from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.placeholders import to_jinja
from email_campaigns.message.links.hyperlinks import prepare_links


def everything(url):
	return True


def tracked(html):
	return prepare_links(html, everything)


@pytest.mark.parametrize(
	("html", "url", "title"),
	[
		('<a href="https://a.example/">Shop</a>', "https://a.example/", "Shop"),
		("<a href='http://a.example/x'> The \n <b>shop</b> </a>", "http://a.example/x", "The shop"),
		("<A HREF=https://a.example/?a=1&amp;b=2>x</A>", "https://a.example/?a=1&b=2", "x"),
		('<a class="b" target=_blank\nhref = " https://a.example/ ">x</a>', "https://a.example/", "x"),
		(
			'<a href="https://a.example/pic"><img src="p.png" alt="A picture"></a>',
			"https://a.example/pic",
			"A picture",
		),
		('<a href="https://a.example/p"><img src="p.png"></a>', "https://a.example/p", "a.example/p"),
		('<a href="https://a.example/">Hi {{ doc.name }}!</a>', "https://a.example/", "Hi !"),
		('<area alt="North" href="https://a.example/n">', "https://a.example/n", "North"),
		('<a href="https://a.example/">never closed', "https://a.example/", "a.example/"),
		('<!--[if mso]><a href="https://a.example/">x</a><![endif]-->', "https://a.example/", "x"),
		('<a href="https://a.example/&quot;}}">x</a>', 'https://a.example/"}}', "x"),
		('<a href="https://a.example/ä?q=%20">x</a>', "https://a.example/ä?q=%20", "x"),
	],
)
def test_a_plain_link(html, url, title):
	result = tracked(html)
	assert result.links == {url: title}
	assert "tracking_url(" in result.html
	message = compile_message("s", f"<p>Hello</p>{html}", tracks=everything)
	asked = []
	content = message.render(
		{"doc": {"name": "Jo"}, "tracking_url": lambda name: asked.append(name) or "https://t.example/1"}
	)
	assert asked == [url]
	assert re.search(r"href\s*=\s*[\"']https://t\.example/1[\"']", content.html, re.IGNORECASE)


@pytest.mark.parametrize(
	"html",
	[
		'<a href="mailto:jo@a.example">x</a>',
		'<a href="tel:+32">x</a>',
		'<a href="#top">x</a>',
		'<a href="/page">x</a>',
		'<a href="//a.example/">x</a>',
		'<a href="">x</a><a>y</a><a href>z</a>',
		'<a href="https://a.example/{{ doc.name }}">x</a>',
		'<a href="https://a.example/{% if doc.x %}x{% endif %}">x</a>',
		'<a href="{{ unsubscribe_url }}">x</a>',
		'<a href="{{ tracking_url("Shop") }}">x</a>',
		'<!-- <a href="https://a.example/">x</a> -->',
		'<style>a{}<a href="https://a.example/"></style>',
		'<textarea><a href="https://a.example/">x</a></textarea>',
		'<img src="https://a.example/i.png"><link href="https://a.example/">',
		'<abbr href="https://a.example/">x</abbr>',
		'{% raw %}<a href="https://a.example/">x</a>{% endraw %}',
		'<a href="https://a.example/" title="a>b',
		'<a href="https://a.example/',
	],
)
def test_what_is_left_alone(html):
	result = tracked(html)
	assert (result.html, result.links) == (html, {})


@pytest.mark.parametrize(
	("html", "left"),
	[
		('<a data-untracked href="https://a.example/">x</a>', '<a href="https://a.example/">x</a>'),
		('<a href="https://a.example/" DATA-UNTRACKED="1">x</a>', '<a href="https://a.example/">x</a>'),
		("<a href=https://a.example/ no-track>x</a>", "<a href=https://a.example/>x</a>"),
		("<a {% if doc.x %}no-track{% endif %} href='https://a.example/'>x</a>", None),
	],
)
@pytest.mark.parametrize("tracks", [everything, None])
def test_the_attribute_takes_a_link_out_and_is_removed(html, left, tracks):
	result = prepare_links(html, tracks)
	assert result.links == {}
	assert result.html == left or (left is None and "no-track" not in result.html)


def test_conditions_in_a_tag_stay_as_they_are():
	html = (
		'<a {% if doc.x > 3 %}href="https://a.example/3"{% else %}href="https://a.example/0"{% endif %}>x</a>'
	)
	result = tracked(html)
	assert list(result.links) == ["https://a.example/3", "https://a.example/0"]
	assert result.html.count("{% else %}") == 1


def test_the_same_address_is_one_link():
	html = '<a href="https://a.example/">First</a> <a href="https://a.example/">Second</a>'
	assert tracked(html).links == {"https://a.example/": "First"}


def test_who_decides_what_is_tracked():
	result = prepare_links(
		'<a href="https://a.example/">a</a><a href="https://b.example/">b</a>', lambda url: "b." in url
	)
	assert list(result.links) == ["https://b.example/"]


def test_text_part_and_html_lead_the_same_way():
	html = '<p>Hello <a href="https://a.example/">shop</a></p>'
	content = compile_message("s", html, tracks=everything).render(
		{"tracking_url": lambda name: "https://t/1"}
	)
	assert "shop (https://t/1)" in content.text
	assert 'href="https://t/1"' in content.html


def test_espocrms_placeholder_is_tracked_as_its_own():
	source = to_jinja('<a href="{trackingUrl:abc}">x</a><a href="https://a.example/">y</a>')
	assert list(tracked(source).links) == ["https://a.example/"]


def test_the_pixel_is_the_last_of_the_body():
	message = compile_message("s", "<html><body><p>Hello</p></body></html>", open_pixel=True)
	content = message.render({"open_url": "https://t/o.gif"})
	assert content.html.endswith(
		'<img src="https://t/o.gif" width="1" height="1" alt=""'
		' style="border:0;width:1px;height:1px"></body></html>'
	)
	assert not content.warnings
	assert "t/o.gif" not in content.text


@pytest.mark.parametrize(
	"piece", ["<a href='", "<!--", "<a ", '<a href="https://x"', "<style>", "<a x='y'>", "{{ 1 }}<a "]
)
def test_hostile_templates_take_no_time(piece):
	started = process_time()
	tracked(piece * 3000)
	assert process_time() - started < 2
