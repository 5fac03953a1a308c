"""Style sheets become attributes, and what a template says stays the same for every recipient."""

import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from email_campaigns.message.compile import compile_message
from email_campaigns.message.html.footer import as_document
from email_campaigns.message.html.inline import inline_styles
from email_campaigns.message.html.pieces import split
from email_campaigns.message.html.protect import Unprotectable, protect

STYLE = (
	"<style>p{color:red} td{padding:1px} .a{margin:0} a:hover{color:blue} "
	"@media print{p{color:black}}</style>"
)
VALUES = {
	"doc": {
		"name": "A&B <c>",
		"rows": [{"n": 1}, {"n": 2}],
		"yes": True,
		"colour": "red",
		"site": "https://e.com/?a=1&b=2",
	},
	"unsubscribe_url": "https://example.com/u?a=1&b=2",
	"tracking_url": lambda name: f"https://example.com/{name}?x=1&y=2",
}


def rendered(html):
	return compile_message("s", html).render(VALUES).html


def said(html):
	"""Text and links of a document as a browser reads it, in order."""
	return [part.replace(" ", "") for part in _said(html5lib.parse(html, namespaceHTMLElements=False))]


def _said(node):
	if node.tag == "a":
		yield f"<{node.get('href')}>"
	if node.tag != "style":
		yield from (node.text or "").split() if isinstance(node.tag, str) else ()
		for child in node:
			yield from _said(child)
			yield from (child.tail or "").split()


def test_rules_become_attributes_and_the_rest_stays_a_sheet():
	html = rendered(STYLE + "<p>x</p><table><tr><td class='a'>y</td></tr></table>")
	assert '<p style="color: red;">' in html
	assert "padding: 1px" in html
	assert "margin: 0" in html
	assert "a:hover" in html
	assert "@media print" in html
	assert "padding:1px}" not in html


def test_without_a_sheet_nothing_is_touched():
	fragment = "<DIV class=x><p>a<p>b<br/>{{ doc.name }}"
	assert inline_styles(as_document(fragment)) == as_document(fragment)


@pytest.mark.parametrize("path", ["https://example.com/a.css", "file:///etc/passwd", "/etc/passwd"])
def test_no_sheet_is_read_from_anywhere(path):
	html = inline_styles(as_document(f"{STYLE}<link rel=stylesheet href='{path}'><p>x</p>"))
	assert f"<link rel=stylesheet href='{path}'>" in html
	assert '<p style="color: red;">x</p>' in html
	assert "https://example.com/b.css" in rendered(
		STYLE.replace("p{", "@import url(https://example.com/b.css);p{") + "<p>x"
	)


PIECES = {
	"a loop over rows": (
		"<table>{% for r in doc.rows %}<tr><td>{{ r.n }}</td></tr>{% endfor %}</table>",
		'<table><tr><td style="padding: 1px;">1</td></tr><tr><td style="padding: 1px;">2</td></tr></table>',
	),
	"a written tbody": (
		"<table><tbody>{% for r in doc.rows %}<tr><td>{{ r.n }}</td></tr>{% endfor %}</tbody></table>",
		'<tbody><tr><td style="padding: 1px;">1</td></tr><tr><td style="padding: 1px;">2</td></tr></tbody>',
	),
	"a condition around an attribute": (
		'<p {% if doc.yes %}title="t"{% endif %}>x</p>',
		'<p title="t" style="color: red;">x</p>',
	),
	"a condition in an attribute": (
		'<p title="{% if doc.yes %}yes{% else %}no{% endif %}!">x</p>',
		'<p title="yes!" style="color: red;">x</p>',
	),
	"an expression in a class": ('<p class="{{ doc.colour }} a">x</p>', 'class="red a"'),
	"an expression in a style": ('<p style="color:{{ doc.colour }}">x</p>', 'style="color: red"'),
	"a unit after it": ('<p style="width:{{ doc.rows[1].n }}px">x</p>', "width: 2px"),
	"an expression in a link": (
		"""<p><a href="{{ tracking_url("shop") ~ '&z=1' }}">x</a></p>""",
		'<a href="https://example.com/shop?x=1&amp;y=2&amp;z=1">x</a>',
	),
	"a field in a link": (
		"<p><a href={{ doc.site }}>x</a></p>",
		"<a href=https://e.com/?a=1&amp;b=2>x</a>",
	),
	"a field in a query": (
		'<p><a href="https://e.com/?n={{ doc.name|urlencode }}&b=2">x</a></p>',
		'<a href="https://e.com/?n=A%26B%20%3Cc%3E&b=2">x</a>',
	),
	"text": ("<p>{{ doc.name }} &amp; {{ 'q' }}</p>", '<p style="color: red;">A&amp;B &lt;c&gt; &amp; q</p>'),
	"raw": ("<p>{% raw %}{{ x }} {% y %}{% endraw %}</p>", '<p style="color: red;">{{ x }} {% y %}</p>'),
	"a comment of Jinja": ("<p>a{# <b> #}b</p>", '<p style="color: red;">ab</p>'),
	"a string with braces": ("<p>{{ '}' ~ '%}' }}</p>", '<p style="color: red;">}%}</p>'),
	"a title": ("<title>{{ doc.colour }}{% if 1 %}!{% endif %}</title><p>x</p>", "<title>red!</title>"),
	"a sheet with Jinja": (
		"<style>p{background:{{ doc.colour }}}</style><p>x</p>",
		"p{background:red}</style>",
	),
	"a conditional comment": (
		"<!--[if mso]><p>{{ doc.name }}</p>{% if 1 %}<table>{% endif %}<![endif]--><p>x</p>",
		"<!--[if mso]><p>A&amp;B &lt;c&gt;</p><table><![endif]-->",
	),
	"whitespace control": ("<p>a {%- if 1 -%} b {%- endif -%} c</p>", '<p style="color: red;">abc</p>'),
}


@pytest.mark.parametrize("template", PIECES)
def test_jinja_is_put_back_where_it_was(template):
	source, expected = PIECES[template]
	assert expected in rendered(STYLE + source)


LEFT_ALONE = [
	"<p {% if doc.yes %}class='a'>x{% else %}>y{% endif %}</p>",
	"{% macro row(n) %}<tr><td>{{ n }}</td></tr>{% endmacro %}<table>{{ row(1) }}</table>",
	"{% if doc.yes %}<div>{% else %}<div class='a'>{% endif %}x</div>",
	"<p style='{{ doc.style }}'>x</p>",
	"<{{ doc.tag }}>x",
	"<p title='{{ doc.name }}>x</p>",
	"<p><b>a<p>b</b><p>c<b>d<p>e",  # which of the equal tags the parser has opened again is not known
]


@pytest.mark.parametrize("source", LEFT_ALONE)
def test_what_a_parser_would_break_is_left_alone(source):
	html = as_document(STYLE + source)
	assert inline_styles(html) == html


INLINED = {
	"<p><b>a<p>b</b>": '<p style="color: red;"><b>a<p style="color: red;">b</b>',
	"<p>a<div>b</p></div>": '<p style="color: red;">a<div>b</p></div>',
	"<![if !mso]><p>x</p><![endif]>": '<![if !mso]><p style="color: red;">x</p><![endif]>',
	"<table>text<tr><td>x</TD></table>": '<table>text<tr><td style="padding: 1px;">x</TD></table>',
	"<textarea><p>x</p></textarea><p>x": '<textarea><p>x</p></textarea><p style="color: red;">x',
	"<svg><path d='M0'/></svg><P Title=a>x": "<svg><path d='M0'/></svg><P Title=a style=\"color: red;\">x",
	"<p style=color:blue title=a>x": '<p style="color: blue" title=a>x',
	"<table><tr><td>x</table><table><tbody><tr><td>y</table>": (
		'<table><tr><td style="padding: 1px;">x</table><table><tbody><tr><td style="padding: 1px;">y</table>'
	),
}


@pytest.mark.parametrize("source", INLINED)
def test_only_styles_change(source):
	document = (
		'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "x"><HTML><body>{}</body></HTML>'
	)
	html = inline_styles(document.format(STYLE + source))
	assert html.endswith(f"</style>{document.format(INLINED[source]).partition('<body>')[2]}")
	assert html.startswith(document.partition("{")[0])


BLOCKS = st.recursive(
	st.sampled_from(
		[
			"<p>one</p>",
			"<p class='a'>{{ doc.name }}</p>",
			"a &amp; b &nbsp;",
			"{{ doc.colour|upper }}",
			"<br>",
			"<p>open",
			"<a href='{{ tracking_url(\"x\") }}'>l</a>",
			"<td>cell</td>",
			"<img src=x {% if doc.no %}alt='n'{% endif %}>",
			"<!-- {{ doc.name }} -->",
			"</div>",
		]
	),
	lambda inner: st.tuples(
		st.sampled_from(
			[
				("<div>", "</div>"),
				("<table><tr><td>", "</td></tr></table>"),
				("<table>", "</table>"),
				("<tr>", "</tr>"),
				("{% if doc.yes %}", "{% endif %}"),
				("{% if doc.no %}", "{% else %}z{% endif %}"),
				("{% for r in doc.rows %}", "{{ r.n }}{% endfor %}"),
				("<ul><li>", "</li></ul>"),
				("<b>", "</b>"),
			]
		),
		st.lists(inner, min_size=1, max_size=3),
	).map(lambda pair: pair[0][0] + "".join(pair[1]) + pair[0][1]),
	max_leaves=8,
)


def as_a_browser_sees(html):
	"""What an HTML5 parser makes of it, styles left out."""
	return said(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))


@settings(max_examples=80)
@given(BLOCKS)
def test_every_recipient_reads_what_the_original_says(source):
	html = as_document(f"{STYLE}<p>x</p>{source}")
	plain = as_document(f"<p>x</p>{source}")
	assert as_a_browser_sees(rendered(html)) == as_a_browser_sees(rendered(plain))


@given(BLOCKS)
def test_hiding_and_restoring_changes_nothing(source):
	try:
		protected = protect(source)
	except Unprotectable:
		return
	assert "{" not in protected.html
	assert protected.restore(protected.html) == source


def test_split_gives_every_character_back():
	source = "a{{ '}}' }}b{% if x %}\n{# c #}{% raw %}{{ d }}{% endraw %}{% endif %}\n"
	assert "".join(text for text, _ in split(source)) == source
	assert next(text for text, jinja in split(source) if jinja) == "{{ '}}' }}"


def test_the_word_for_hidden_jinja_is_one_that_the_template_lacks():
	source = "<p>z0j0x {{ doc.a }} Z1J1x</p>"
	protected = protect(source)
	assert protected.mark == "z2j"
	assert protected.restore(protected.html) == source


def test_fragments_become_documents_and_documents_stay():
	assert as_document("<p>x</p>").startswith('<!doctype html><html><head><meta charset="utf-8">')
	for document in ("<html><body>x</body></html>", "<!DOCTYPE html><p>x", "<BODY>x"):
		assert as_document(document) == document
