"""Slots in the fixed text of a template: the mail is the same as without them, and nobody can fill one."""

import email
import email.policy
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from email_campaigns.message.compile import Limits, RenderError, compile_message
from email_campaigns.message.mime.assembly import Skeleton
from email_campaigns.message.mime.quoted import quoted_printable

SKELETON = Skeleton(sender="news@example.com")
URLS = {
	"shop": "https://example.com/ec/c/" + "s" * 60,
	"sale": "https://example.com/?a=1&b='2'",
	"kür": "https://example.com/ü?x=100%25",
}


def compiled(html, **options):
	return compile_message("Hello", html, **options)


def render(html, doc=None, **options):
	return compiled(html, **options).render({"doc": doc or {}, "tracking_url": URLS.__getitem__})


def sent(content):
	raw = SKELETON.assemble(
		to="a@example.com",
		subject="x",
		html=content.html_part,
		text=content.text_part,
		message_id="<1@example.com>",
		date="Thu, 02 Oct 2025 09:00:00 +0000",
	)
	body = raw.partition(b"\r\n\r\n")[2]
	assert max(len(line) for line in body.split(b"\r\n")) <= 76
	mail = email.message_from_bytes(raw, policy=email.policy.default)
	return tuple(mail.get_body((kind,)).get_content() for kind in ("html", "plain"))


@pytest.mark.parametrize("name", URLS)
def test_a_link_is_escaped_in_html_and_plain_in_text(name):
	content = render(f"<p>100 % of <a href=\"{{{{ tracking_url('{name}') }}}}\">us</a> = {{{{ doc.a }}}}</p>")
	html, text = sent(content)
	assert (html.rstrip("\n"), text.rstrip("\n")) == (content.html, content.text.rstrip("\n"))
	assert f'href="{URLS[name]}"' in unescape(content.html)
	assert f"us ({URLS[name]})" in content.text
	assert "&b" not in content.html


NAME, FIELD = "{{ tracking_url('shop') }}", "{{ doc.a }}"
# The same link and field, but never slots
OTHER, SAME = "{{ tracking_url('s' ~ 'hop') }}", "{{ doc['a'] }}"
VALUES = ["Zoë & Söhne %s %b", "", " ", ".", ". x" * 40, "a\n\n\nb", "\r\n.", "<b>", None, 12.5, ["x"]]


@settings(max_examples=300)
@given(
	st.lists(
		st.sampled_from([NAME, FIELD, "é" * 20, "a" * 70, "a" * 75, " ", "\n", "%", "=", ".", "x"]),
		max_size=9,
	),
	st.sampled_from(VALUES),
)
@example([NAME, "a" * 75, " ", "\n"], "")
def test_a_mail_is_the_same_as_without_slots(parts, value):
	html = "".join(parts) + "z"
	with_slots, without = (
		render(source, {"a": value}) for source in (html, html.replace(NAME, OTHER).replace(FIELD, SAME))
	)
	assert (with_slots.html, with_slots.text) == (without.html, without.text)
	assert with_slots.warnings == without.warnings
	assert sent(with_slots) == sent(without)


@pytest.mark.parametrize(
	"html",
	[
		"{% for a in [1, 2] %}{{ doc.a }}{% endfor %}",
		"{% set x %}{{ doc.a }}{% endset %}{{ x|upper }}{{ x|length }}",
		"{% filter upper %}{{ doc.a }}{% endfilter %}",
		"{% macro m() %}{{ doc.a }}{% endmacro %}{{ m()|replace('s', 't') }}",
		"{% if doc.a %}{{ doc.a }}{% endif %}{{ doc.b.c }}{{ mass_email.title }}{{ view_url }}",
	],
)
def test_a_field_is_the_same_wherever_a_template_looks_at_it(html):
	doc = {"a": "sésame & <co>", "b": {"c": "inner"}}
	same = html.replace("doc.a", "doc['a']").replace("doc.b.c", "doc['b']['c']")
	assert render(f"<p>x</p>{html}", doc).html == render(f"<p>x</p>{same}", doc).html


def test_a_field_that_is_not_written_is_not_missed():
	content = render("<p>x{% if doc.a %}{{ doc.nothing }}{% endif %}</p>")
	assert content.warnings == ()


def test_fields_count_in_the_length_of_a_part():
	with pytest.raises(RenderError, match="longer than 1,500 characters"):
		render("<p>x</p>" + FIELD * 20, {"a": "a" * 100}, limits=Limits(output=1500))


@pytest.mark.parametrize(
	"html",
	[
		"{% for a in [1, 2] %}{{ tracking_url('shop') }}{% endfor %}",
		"{% set x %}{{ tracking_url('shop') }}{% endset %}{{ x|upper }}{{ x|length }}",
		"{% filter upper %}{{ tracking_url('shop') }}{% endfilter %}",
		"{% macro m() %}{{ tracking_url('shop') }}{% endmacro %}{{ m()|replace('s', 't') }}",
		(
			"{% macro m() %}{{ caller()|upper }}{% endmacro %}"
			"{% call m() %}{{ tracking_url('shop') }}{% endcall %}"
		),
		"{% if tracking_url('shop')|length > 50 %}{{ tracking_url('shop') }}{% else %}no{% endif %}",
	],
)
def test_what_a_template_may_look_at_is_the_link_itself(html):
	content = render(f"<p>x</p>{html}")
	same = render(f"<p>x</p>{html.replace(NAME, OTHER)}")
	assert (content.html, content.text) == (same.html, same.text)
	assert "\ue000" not in content.html + content.text


def test_only_links_that_the_mail_holds_are_made():
	made = []
	message = compiled(
		"<p>x{% if doc.a %}{{ tracking_url('shop') }}{% else %}{{ tracking_url('sale') }}{% endif %}</p>"
	)
	content = message.render({"doc": {}, "tracking_url": lambda name: made.append(name) or URLS[name]})
	sent(content)
	assert made == ["sale"]


def test_an_unknown_link_fails_its_part_only_where_it_is_written():
	html = "<p>x{% if doc.a %}{{ tracking_url('nowhere') }}{% endif %}</p>"
	assert "x" in render(html).html
	with pytest.raises(RenderError, match="no tracking link named “nowhere”") as caught:
		render(html, {"a": 1})
	assert caught.value.part == "html"


def test_links_count_in_the_length_of_a_part():
	html = "<p>x</p>" + NAME * 20
	assert len(render(html, limits=Limits(output=4000)).text) > 1600
	with pytest.raises(RenderError, match="longer than 1,500 characters"):
		render(html, limits=Limits(output=1500))


def test_nobody_can_write_a_mark():
	"""Neither a template nor a record: the word in it is drawn anew for each template."""
	message = compiled(f"<p>{NAME} \ue0000.0\ue001 {{{{ doc.a }}}}</p>")
	(mark,) = message.html_template.slots
	foreign = message.render({"doc": {"a": mark}, "tracking_url": URLS.__getitem__})
	assert foreign.html.count(URLS["shop"]) == 1
	assert "\ue0000.0\ue001" in foreign.html
	assert set(compiled(f"<p>{NAME}</p>").html_template.slots).isdisjoint(
		compiled(f"<p>{NAME}</p>").html_template.slots
	)


def test_text_around_links_is_encoded_once():
	content = render(f"<p>{'é' * 50}{NAME}{'é' * 50}</p>")
	(slot,) = [fixed for fixed in content.html_part.fixed.values() if fixed.names]
	assert slot.data % content.html_part.fill_data("shop") in quoted_printable(content.html_part)
