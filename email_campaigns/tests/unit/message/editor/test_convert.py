"""What the rich-text editor writes reaches mail programs as it looks in the editor, in HTML and in text.

The HTML is what Frappe's editor stores: Quill 2 (Frappe 15 and 16), and Quill 1 in older templates.
"""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_campaigns.message.compile import compile_message
from email_campaigns.message.editor.convert import mail_html
from email_campaigns.message.html.tokens import END, Html

SITE = "https://site.example"
MARKER = '<span class="ql-ui" contenteditable="false"></span>'  # where Quill's style sheet draws a bullet
DISC = "margin:0;padding-left:3em;list-style-type:disc"
DECIMAL = 'type="1"{start} style="margin:0;padding-left:3em;list-style-type:decimal"'
LOWER_ALPHA = 'type="a" style="margin:0;padding-left:3em;list-style-type:lower-alpha"'
CODE = (
	"margin:5px 0;padding:5px 10px;font-family:Monaco,Consolas,Courier New,monospace;white-space:pre-wrap;"
	"background-color:#23241f;color:#f8f8f2"
)
LINES = "1px solid #dce0e3"


def framed(html):
	return f'<div class="ql-editor read-mode">{html}</div>'


def mail(html, **doc):
	values = {"doc": doc, "campaign": {}, "mass_email": {}, "unsubscribe_url": "https://u", "view_url": ""}
	return compile_message("Hello", html, base_url=SITE).render(values)


def body(content):
	"""The HTML of a mail within its <body>, without Quill's own attributes."""
	html = content.html.partition("<body>")[2].partition("</body>")[0].replace(MARKER, "")
	return re.sub(r' (?:data-[a-z]+|class|spellcheck)="[^"]*"', "", html)


def item(kind, text, indent=0):
	indented = f' class="ql-indent-{indent}"' if indent else ""
	return f'<li data-list="{kind}"{indented}>{MARKER}{text}</li>'


def items(*rows):
	return framed(f"<ol>{''.join(item(*row) for row in rows)}</ol>")


ELEMENTS = [
	("<p>A <strong>b</strong> <em>c</em> <u>d</u> <s>e</s></p>", None, "A b c d ~~e~~"),
	("<p>One</p><p><br></p><p>Two</p>", None, "One\n\nTwo"),
	("<h1>Top</h1>", '<h1 style="margin:0.5em 0 0.25em">Top</h1>', "Top"),
	(
		'<h3 style="text-align: center;">T</h3>',
		'<h3 style="margin:0.5em 0 0.25em;text-align: center;">T</h3>',
		"T",
	),
	('<p><span style="font-size: 24px;">Big</span></p>', '<span style="font-size: 24px;">Big</span>', "Big"),
	('<p class="ql-align-right">R</p>', '<p style="margin:0;text-align:right">R</p>', "R"),
	('<p class="ql-direction-rtl">שלום</p>', '<p style="margin:0;direction:rtl">שלום</p>', "שלום"),
	('<p class="ql-indent-2">In</p>', '<p style="margin:0;padding-left:6em">In</p>', "In"),
	(
		'<p class="ql-direction-rtl ql-indent-1">In</p>',
		'<p style="margin:0;direction:rtl;padding-right:3em">In</p>',
		"In",
	),
	(
		'<p><span class="ql-size-large ql-font-serif ql-color-red ql-bg-yellow">x</span></p>',
		'<span style="font-size:1.5em;font-family:Georgia,Times New Roman,serif;color:#e60000;'
		'background-color:#ff0">x</span>',
		"x",
	),
	(
		"<blockquote>Said</blockquote>",
		'<blockquote style="margin:0;padding-left:10px;border-left:4px solid #ccc">Said</blockquote>',
		"> Said",
	),
	(
		'<pre class="ql-code-block-container" spellcheck="false"><div class="ql-code-block">if x:</div>'
		'<div class="ql-code-block"><br></div>'
		'<div class="ql-code-block"> &nbsp; \xa0y &lt; 1</div></pre><p>End</p>',
		f'<pre style="{CODE}">\nif x:\n\n    y &lt; 1\n</pre><p style="margin:0">End</p>',
		"    if x:\n\n        y < 1\n\nEnd",
	),
	(
		'<div class="ql-code-block-container"><div class="ql-code-block">a</div></div>',
		f'<pre style="{CODE}">\na\n</pre>',
		"    a",
	),
	('<pre class="ql-syntax">a\nb\n</pre>', f'<pre style="margin:0;{CODE}">a\nb\n</pre>', "    a\n    b"),
	(
		"<p>Run <code>ls</code></p>",
		'<code style="padding:2px 4px;font-family:Monaco,Consolas,Courier New,monospace;font-size:85%;'
		'background-color:#f0f0f0">ls</code>',
		"Run `ls`",
	),
	(
		'<table class="table table-bordered"><tbody><tr><td data-row="r">A</td><td data-row="r">B</td></tr>'
		'<tr><td data-row="s">1</td><td data-row="s" style="text-align: right;">2</td></tr></tbody></table>',
		'<table style="width:100%;table-layout:fixed;border-collapse:collapse"><tbody>'
		f'<tr><td style="padding:2px 5px;border:{LINES}">A</td>'
		f'<td style="padding:2px 5px;border:{LINES}">B</td></tr>'
		f'<tr><td style="padding:2px 5px;border:{LINES}">1</td>'
		f'<td style="padding:2px 5px;border:{LINES};text-align: right;">2</td></tr></tbody></table>',
		"A B\n1 2",
	),
	(
		'<p>See <a href="/contact" rel="noopener noreferrer">us</a></p>',
		f'<a href="{SITE}/contact" rel="noopener noreferrer">us</a>',
		f"See us ({SITE}/contact)",
	),
	(
		'<p><img src="/files/x.png" width="120" style="display: block; margin: auto;">x</p>',
		f'<img src="{SITE}/files/x.png" width="120" style="max-width:100%;display: block; margin: auto;">',
		"x",
	),
	(
		'<p>Hi <span class="mention" data-id="a@b.example" data-value="Ann">\ufeff'
		'<span contenteditable="false"><span class="ql-mention-denotation-char">@</span>Ann</span>\ufeff'
		"</span></p>",
		'<span style="padding:2px 5px;border:1px solid #ebeef0;border-radius:8px">\ufeff',
		"Hi \ufeff@Ann\ufeff",
	),
]


@pytest.mark.parametrize(("written", "html", "text"), ELEMENTS)
def test_an_element_is_sent_as_the_editor_shows_it(written, html, text):
	content = mail(framed(written))
	if html:
		assert html in body(content)
	else:
		assert body(content) == "<div>" + written.replace("<p>", '<p style="margin:0">') + "</div>"
	assert content.text == text


def test_bullets_are_bullets_and_numbers_are_numbers():
	content = mail(items(("bullet", "a"), ("bullet", "b")))
	assert body(content) == f'<div><ul style="{DISC}"><li>a</li><li>b</li></ul></div>'
	assert content.text == "  * a\n  * b"
	content = mail(items(("ordered", "a"), ("ordered", "b")))
	assert body(content) == f"<div><ol {DECIMAL.format(start='')}><li>a</li><li>b</li></ol></div>"
	assert content.text == "  1. a\n  2. b"


def test_indented_items_are_nested_lists():
	content = mail(
		items(("bullet", "a"), ("ordered", "b", 1), ("ordered", "c", 1), ("bullet", "d", 3), ("bullet", "e"))
	)
	deep = DISC.replace("3em", "6em")
	assert body(content) == (
		f'<div><ul style="{DISC}"><li>a<ol {LOWER_ALPHA}><li>b</li>'
		f'<li>c<ul style="{deep}"><li>d</li></ul></li></ol></li><li>e</li></ul></div>'
	)
	assert content.text == "  * a\n    1. b\n    2. c\n       * d\n  * e"


def test_a_list_that_begins_indented_stays_indented():
	content = mail(items(("bullet", "a", 1), ("bullet", "b")))
	assert body(content) == (
		f'<div><ul style="{DISC.replace("3em", "6em")}"><li>a</li></ul>'
		f'<ul style="{DISC}"><li>b</li></ul></div>'
	)


def test_numbers_go_on_behind_bullets_and_quotes_and_begin_anew_behind_a_paragraph():
	content = mail(
		framed(
			f"<ol>{item('ordered', 'a')}{item('bullet', 'b')}{item('ordered', 'c')}</ol>"
			f"<blockquote>q</blockquote><ol>{item('ordered', 'd')}</ol>"
			f"<p>p</p><ol>{item('ordered', 'e')}</ol>"
		)
	)
	assert re.findall(r'start="\d+"', content.html) == ['start="2"', 'start="3"']
	assert content.text == "  1. a\n\n  * b\n\n  2. c\n\n> q\n\n  3. d\n\np\n\n  1. e"


def test_check_lists_have_boxes():
	content = mail(items(("checked", "done"), ("unchecked", "to do")))
	assert body(content) == (
		f'<div><ul style="{DISC.replace("disc", "none")}"><li>☑ done</li><li>☐ to do</li></ul></div>'
	)
	assert content.text == "  * ☑ done\n  * ☐ to do"


def test_lists_from_right_to_left_have_their_bullets_on_the_right():
	written = f'<ol><li data-list="bullet" class="ql-direction-rtl">{MARKER}שלום</li></ol>'
	assert body(mail(framed(written))) == (
		'<div><ul style="margin:0;padding-right:3em;list-style-type:disc;direction:rtl">'
		'<li style="direction:rtl">שלום</li></ul></div>'
	)


def test_lists_as_frappe_16_and_quill_1_write_them():
	# Frappe 16 makes <ul> of a list that begins with a bullet, whatever follows
	written = f"<ul>{item('bullet', 'a')}{item('ordered', 'b')}</ul>"
	assert mail(framed(written)).text == "  * a\n\n  1. b"
	written = '<ul><li>a</li><li class="ql-indent-1">b</li></ul><ul data-checked="true"><li>c</li></ul>'
	assert mail(framed(written)).text == "  * a\n    * b\n\n  * ☑ c"


def test_a_loop_over_items_stays_a_loop():
	loop = items(
		("bullet", "{% for row in doc.rows %}"), ("bullet", "{{ row }}", 1), ("bullet", "{% endfor %}end")
	)
	html = body(mail(loop, rows=["x", "y"]))
	assert html == (
		f'<div><ul style="{DISC}"><li><ul style="{DISC}"><li>x</li></ul></li><li>'
		f'<ul style="{DISC}"><li>y</li></ul></li><li>end</li></ul></div>'
	)


@pytest.mark.parametrize("rows", [[], ["x"], ["x", "y"]])
def test_a_loop_that_would_repeat_half_a_list_keeps_one_flat_list(rows):
	written = items(
		("bullet", "{% for row in doc.rows %}"),
		("ordered", "{{ row }}", 1),
		("ordered", "{% if row %}!", 1),
		("bullet", "{% endif %}?"),
		("bullet", "{% endfor %}end", 2),
	)
	html = mail(written, rows=rows).html
	assert html.count("<ul") == html.count("</ul") == 1
	assert html.count("<li") == html.count("</li")
	assert ("margin-left:6em;list-style-type:disc" in html) == bool(rows)
	assert ("margin-left:3em;list-style-type:lower-alpha" in html) == bool(rows)


@pytest.mark.parametrize(
	("written", "sent"),
	[
		('<img src="/files/a.png">', f'<img src="{SITE}/files/a.png">'),
		("<img src='files/a.png'>", f"<img src='{SITE}/files/a.png'>"),
		("<IMG SRC = /files/a.png>", f"<IMG SRC = {SITE}/files/a.png>"),
		('<a href="/contact?a=1&amp;b=2#c">', f'<a href="{SITE}/contact?a=1&amp;b=2#c">'),
		('<a href="/p/{{ doc.name }}">', f'<a href="{SITE}/p/{{{{ doc.name }}}}">'),
		('<a href="{{ doc.url }}/x">', None),
		('<img src="//cdn.example/a.png">', '<img src="https://cdn.example/a.png">'),
		(
			'<img srcset="/a.png 1x, data:image/png;base64,/9j/4A== 2x,/b.png 3x">',
			f'<img srcset="{SITE}/a.png 1x, data:image/png;base64,/9j/4A== 2x,{SITE}/b.png 3x">',
		),
		('<td background="/files/a.png">', f'<td background="{SITE}/files/a.png">'),
		('<td style="background:url(/files/a.png)">', f'<td style="background:url({SITE}/files/a.png)">'),
		(
			'<td style="background:url(&quot;/files/a.png&quot;)">',
			f'<td style="background:url(&quot;{SITE}/files/a.png&quot;)">',
		),
		("<style>a{b:URL( '/a.png' )}</style>", f"<style>a{{b:URL( '{SITE}/a.png' )}}</style>"),
		(
			'<!--[if mso]><v:fill src="/files/a.png"/><![endif]-->',
			f'<!--[if mso]><v:fill src="{SITE}/files/a.png"/><![endif]-->',
		),
		('<!-- <img src="/files/a.png"> -->', None),
		("<title><img src='/files/a.png'></title>", None),
		('<p title="src=/files/a.png">/files/a.png</p>', None),
		('<a href="https://shop.example/files/a.png">', None),
		('<a href="www.example.com/files/">', None),
		('<a href="mailto:a@b.example"><a href="#top"><a href="?a=/b">', None),
		('<base href="https://other.example"><img src="/files/a.png">', None),
		('<img src="/files/a.png', None),
		('{% raw %}<img src="/files/a.png">{% endraw %}', None),
	],
)
def test_addresses_within_the_site_become_absolute(written, sent):
	assert mail_html(written, SITE) == (sent or written)
	assert mail_html(written) == written  # without an address of the site


@pytest.mark.parametrize(
	"html",
	[
		"<ol><li>a</li><li>b</li></ol>",
		"<table><tr><td>a</td></tr></table><p class='lead'>x</p><blockquote>y</blockquote>",
		"<ul class=x><li>a<ul><li>b</ul></ul>",
		"<!-- ql-editor --><p style='a:b'>\n\0&nbsp;&copy<P/>",
		"<p title='<ol><li data-list=bullet>'>x</p>",
		"<!--{{ doc.a }}-->{# ql- #}<p {% if doc.b %}class='x'{% endif %}>{{ doc.c }}</p>",
	],
)
def test_html_of_other_origin_stays_byte_by_byte(html):
	assert mail_html(html, SITE) == html
	around = mail_html(f'{html}<p class="ql-align-center">z</p>', SITE)
	assert around == f'{html}<p style="text-align:center" class="ql-align-center">z</p>'


@pytest.mark.parametrize(
	("written", "sent"),
	[
		("style='color:red'", "style='text-align:right;color:red'"),
		("style = color:red", 'style = "text-align:right;color:red"'),
		("STYLE=", 'STYLE="text-align:right;"'),
		("style", 'style="text-align:right;"'),
		('style="{{ doc.css }}"', 'style="text-align:right;{{ doc.css }}"'),
	],
)
def test_styles_join_those_of_the_author(written, sent):
	assert mail_html(f"<p class=ql-align-right {written}>x</p>") == f"<p class=ql-align-right {sent}>x</p>"


TAGS = st.sampled_from(
	[
		*("<p>", "</p>", "<ol>", "</ol>", "<ul>", "</ul>", "</li>", "<li>", "text", "&amp;", "<br>", "\r\n"),
		*(
			'<li data-list="bullet">',
			'<li data-list="ordered" class="ql-indent-1">',
			'<li class="ql-indent-3">',
		),
		*(
			"{% if doc.a %}",
			"{% else %}",
			"{% endif %}",
			"{{ doc.b }}",
			"<!-- c -->",
			"<!--",
			"-->",
			"<p a='",
			"'>",
		),
		*('<pre class="ql-code-block-container">', '<div class="ql-code-block">', "</div>", "</pre>"),
		*('<div class="ql-editor">', '<img src="/a.png">', "<style>", "</style>"),
	]
)


def parsable(html):
	try:
		compile_message("s", "x" + html)
	except ValueError:
		return False
	return True


@given(st.lists(TAGS, max_size=25).map("".join).filter(parsable))
def test_nothing_but_tags_changes(html):
	"""Texts, comments and Jinja come back in their order, and what is done is done once."""
	changed = mail_html(html, SITE)
	texts = re.compile(r"text|&amp;|\{[{%].*?[%}]\}|<!-- c -->")
	assert texts.findall(changed) == texts.findall(html)
	assert changed.count("<li") == html.count("<li")
	assert (changed == html) or any(mark in html for mark in ("ql-", "data-list", "/a.png"))


@given(
	st.lists(
		st.tuples(st.sampled_from(["bullet", "ordered", "checked"]), st.just("x"), st.integers(0, 8)),
		min_size=1,
	)
)
def test_nested_lists_are_well_formed_whatever_the_indents(rows):
	open_tags = []
	for token in Html(mail_html(items(*rows), SITE)).tokens:
		if token.kind == END:
			assert open_tags.pop() == token.name
		else:
			if token.name in ("ol", "ul"):
				assert open_tags[-1] in ("div", "li")
			if token.name == "li":
				assert open_tags[-1] in ("ol", "ul")
			open_tags.append(token.name)
	assert open_tags == []


@pytest.mark.parametrize(
	"html",
	[
		"<a ='" * 100_000,
		'<a "' * 120_000,
		"<ol>" * 100_000,
		'<li data-list="bullet">' * 20_000,
		"<ol>"
		+ '<li data-list="bullet" class="ql-indent-1">{% if x %}</li>' * 2000
		+ "{% endif %}" * 2000
		+ "</ol>",
		"<!--" * 100_000,
		"<style>" * 70_000,
		"<a/" * 150_000,
		"<a style='" + "url(" * 120_000 + "'>",
		"<a style='url(" + " " * 400_000 + "'>",
		"<img srcset='" + "," * 400_000 + "'>",
		"<img srcset='" + ", a" * 100_000 + "'>",
		'<p class="' + "ql-x " * 90_000 + '">',
		"<p" + " style" * 80_000 + ">",
	],
)
def test_no_html_takes_long(html):
	begin = time.process_time()
	mail_html("<p class='ql-align-right'>" + html, SITE)
	assert time.process_time() - begin < 2
