"""The text part reads well, says what the HTML says, and costs nothing for each mail."""

import pytest

from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.plaintext import plain_text, text_template

CASES = [
	("<h1>Head</h1><p>One</p><p>Two<br>three</p>", "Head\n\nOne\n\nTwo  \nthree"),
	(
		"<p>See <a href='https://e.com/a_b?c=1&amp;d=2'>our <b>offer</b></a>!</p>",
		"See our offer (https://e.com/a_b?c=1&d=2)!",
	),
	("<p><a href='https://e.com/'>https://e.com/</a></p>", "https://e.com/"),
	("<p><a href='mailto:a@e.com'>a@e.com</a> <a href='#top'>up</a></p>", "a@e.com up"),
	("<ul><li>a</li><li>b</li></ul>", "  * a\n  * b"),
	(
		"<p>1. not a list</p><p>- nor this</p><p>+ this</p><p>a_b *c*</p>",
		"1. not a list\n\n- nor this\n\n+ this\n\na_b *c*",
	),
	("<style>p{}</style><script>x</script><p>x &lt;y&gt; &amp; &eacute;</p>", "x <y> & é"),
	("<p><img src=a.png alt='Logo'>x</p>", "x"),
	("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
	("<!-- hidden --><p>x</p>", "x"),
	("", ""),
]


@pytest.mark.parametrize(("html", "text"), CASES)
def test_html_as_text(html, text):
	lines = [line.strip() for line in plain_text(html).split("\n")]
	assert lines == [line.strip() for line in text.split("\n")]


def render(html, **doc):
	message = compile_message("s", html)
	return message, message.render(
		{
			"doc": doc,
			"unsubscribe_url": "https://e.com/u?a=1&b=2",
			"tracking_url": lambda name: f"https://e.com/{name}",
		}
	).text


def test_fields_are_not_escaped_in_text():
	_, text = render("<p>Dear {{ doc.name }}, {{ doc.name|e }}</p>", name="A & <B>")
	assert text == "Dear A & <B>, A & <B>"


def test_loops_and_conditions_leave_no_empty_lines():
	_, text = render(
		"<p>a</p><ul>{% for x in doc.xs %}<li>{{ x }}</li>{% endfor %}</ul>"
		"{% if doc.no %}<p>b</p>{% endif %}<p>c</p>",
		xs=[1, 2, 3],
	)
	assert [line.strip() for line in text.split("\n")] == ["a", "", "* 1", "* 2", "* 3", "", "c"]


def test_conditions_show_paragraphs_apart():
	_, text = render("<p>a</p>{% if doc.yes %}<p>b</p>{% else %}<p>z</p>{% endif %}<p>c</p>", yes=1)
	assert text == "a\n\nb\n\nc"


def test_links_of_jinja_are_written_out():
	_, text = render("<p><a href='{trackingUrl:shop}'>Shop</a> <a href='{optOutUrl}'>Leave</a></p>")
	assert text == "Shop (https://e.com/shop) Leave (https://e.com/u?a=1&b=2)"


@pytest.mark.parametrize(
	"html",
	[
		"<head>{% set x %}y{% endset %}</head><body><p>{{ x }}</p></body>",
		"<p {% if doc.a %}class='a'>x{% else %}>x{% endif %}</p>",
		"<style>{% if doc.a %}</style><p>x</p><style>{% endif %}</style>",
	],
)
def test_where_jinja_cuts_across_html_the_text_is_made_for_each_mail(html):
	message, text = render(html, a=1)
	assert text_template(html) is None or not message.text_from_html
	assert text.strip() in ("x", "y")


def test_it_is_made_once_otherwise():
	message, _ = render("<p>x {{ doc.a }}</p>")
	assert not message.text_from_html
