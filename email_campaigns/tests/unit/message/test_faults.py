"""Whatever a template holds: reading it raises TemplateError alone, and rendering it RenderError alone."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from email_campaigns.message.compile import RenderError, TemplateError, compile_message, compile_source
from email_campaigns.message.faults import reading
from email_campaigns.message.html.footer import Footer
from email_campaigns.message.links.hrefs import hrefs
from email_campaigns.message.mime.assembly import Skeleton
from email_campaigns.message.mime.headers import HeaderError

VALUES = {
	"doc": {"name": "A&B <c>", "rows": [{"n": 1}], "size": 3, "none": None},
	"unsubscribe_url": "https://example.com/u",
	"tracking_url": {"a": "https://example.com/a"}.__getitem__,
}
FOOTER = Footer(sender_line="Shop", postal_address="Street 1\nTown", view_text="View")
PIECES = [
	*("{{", "}}", "{%", "%}", "{#", "#}", "{% raw %}", "{% endraw %}", "{{ doc.name }}", "{{ doc[", "|upper"),
	*("{% if doc.size %}", "{% endif %}", "{% for r in doc.rows %}", "{% endfor %}", "{% set a = 1 %}"),
	*(
		"{% macro m() %}",
		"{% endmacro %}",
		"{% else %}",
		"{% call m() %}",
		"{% endcall %}",
		"{% filter upper %}",
	),
	*(
		"<p>",
		"</p>",
		"<table>",
		"<td>",
		"</td>",
		"<b>",
		"<a href='https://e.com/?a=1&b=2'>",
		"</a>",
		"<![",
		"<!",
		"<?",
	),
	*(
		"<!--",
		"-->",
		"<style>",
		"p{color:red}",
		"@media{",
		"}",
		"</style>",
		"<style",
		"&#",
		"&amp",
		";",
		"9" * 30,
	),
	*(
		"<p style='",
		"<img src=",
		"'",
		'"',
		"=",
		"(",
		")",
		"[",
		"]",
		",",
		".",
		"~",
		"+ 1",
		" ",
		"\n",
		"\0",
		"é",
		"\ud800",
	),
	*(
		'"\\ud800"',
		"%7B%7B",
		"%7D%7D",
		"{optOutLink}",
		"{optOutUrl}",
		"{trackingUrl:a}",
		"tracking_url(",
		"\ue000",
	),
	*(
		"zj",
		"zj0x",
		"<svg>",
		"<![CDATA[",
		"]]>",
		"<plaintext>",
		"<textarea>",
		"\\N{",
		"\\x",
		"<body>",
		"</html>",
	),
]
TEXT = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=25).map("".join)
LONG_NUMBER = "9" * 5000


def make(subject, html, text=""):
	"""Compile and render a mail to its bytes; errors of this room are sentences."""
	message = compile_message(
		subject, html, text=text, footer=FOOTER, tracks=lambda url: True, open_pixel=True
	)
	for name in message.tracking_links | set(message.automatic_links):
		name.encode()
	content = compile_source(message.source).render(VALUES)
	for shown in (content.subject, content.html, content.text, *map(str, content.warnings)):
		shown.encode()
	Skeleton(sender="a@example.com").assemble(
		to="b@example.com",
		subject=content.subject,
		html=content.html_part,
		text=content.text_part,
		message_id="<a@b>",
		date="",
	)
	hrefs(content.html)


@settings(max_examples=400)
@given(TEXT, TEXT, TEXT)
@example("s", "<p>x</p>{{ '&#" + LONG_NUMBER + ";' }}", "")
@example("s", "<p>x<![<![ ", "")
@example("s", "<p>x&#" + LONG_NUMBER + ";", "")
@example("s", "<style>p{color:red}</style><p>x</p><![<![ ", "")
@example("s", "<p>x</p>{{ '\\ud800' }}", "")
@example("s", "<p>x</p>{{ '%c' % 55296 }}{{ tracking_url('%c' % 55296) }}", "")
@example("{{ tracking_url(5) }}", "<p>x</p>{{ tracking_url('a') }}", "")
@example("s", "<p>x</p>{{ " + "1+" * 500 + "1 }}", "")
@example("s", "<p>x</p>\ud800", "\ud800")
def test_reading_and_rendering_raise_sentences_alone(subject, html, text):
	try:
		make(subject, html, text)
	except (TemplateError, RenderError) as error:
		str(error).encode()
	except HeaderError as error:
		str(error).encode()


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_a_damaged_newsletter_raises_sentences_alone(seed, cuts):
	draw = random.Random(seed)
	html = NEWSLETTER
	for _cut in range(cuts):
		begin = draw.randrange(len(html))
		html = html[:begin] + draw.choice(["", draw.choice(PIECES)]) + html[begin + draw.randrange(8) :]
	test_reading_and_rendering_raise_sentences_alone.hypothesis.inner_test("Hi {{ doc.name }}", html, "")


NEWSLETTER = """<!doctype html><html><head><style>td{padding:1px} .a:hover{color:{{ doc.colour }}}
@media print{p{margin:0}}</style></head><body><!--[if mso]><b>Outlook</b><![endif]--><table>
{% for r in doc.rows %}<tr><td class="a" style="color:red">{{ r.n or "-" }}</td></tr>{% endfor %}</table>
{% if doc.size > 2 and doc.name %}<p>{{ doc.name|upper }} &amp; {{ format_number(doc.size) }}</p>{% endif %}
<a href="https://e.com/?a=1&amp;b={{ doc.name }}" data-untracked>x</a> {optOutLink} {# c #}</body></html>"""


@pytest.mark.parametrize(
	("html", "sentence"),
	[
		("<p>x</p>{{ '&#" + LONG_NUMBER + ";' }}", "a number that is too long"),
		("<p>x</p>{{ " + LONG_NUMBER + " }}", "a number that is too long"),
		("<p>x</p>\n{{ '\\ud800' }}", r"Message, line 2: The template holds half of a character \(U\+D800\)"),
		("<p>x</p>\n\n\udfff", r"Message, line 3: The template holds half of a character \(U\+DFFF\)"),
		(
			"<p>x</p>\n{{ " + "1+" * 500 + "1 }}",
			"Message, line 2: Parts of the template are nested too deeply",
		),
	],
)
def test_a_fault_has_its_sentence(html, sentence):
	with pytest.raises(TemplateError, match=sentence) as caught:
		compile_message("s", html)
	assert not caught.value.trace


@pytest.mark.parametrize("error", [KeyError("a"), AssertionError("b"), UnicodeError("c"), OSError(2, "d")])
def test_what_nobody_has_thought_of_is_a_sentence_with_a_trace(error):
	sentence = f"The template can't be read: {type(error).__name__}"
	with pytest.raises(TemplateError, match=sentence) as caught, reading("html"):
		raise error
	assert caught.value.part == "html"
	assert "test_faults.py" in caught.value.trace


@pytest.mark.parametrize("error", [MemoryError(), RecursionError()])
def test_a_lack_of_room_is_a_sentence(error):
	with pytest.raises(TemplateError, match=r"too much memory|too deeply") as caught, reading("text"):
		raise error
	assert not caught.value.trace


def test_an_order_to_stop_is_no_fault_of_the_template():
	with pytest.raises(KeyboardInterrupt), reading():
		raise KeyboardInterrupt
