"""Short templates that would keep a compiler busy: each ends within a second and 100 MB.

Each runs in a process of its own, which the system ends where it takes far too long.
"""

import json
import os
import resource
import signal
import time

import pytest

from email_campaigns.message.compile import TemplateError, compile_message
from email_campaigns.message.html.footer import Footer
from email_campaigns.message.html.inline import INLINER
from email_campaigns.message.html.markup import regular
from email_campaigns.message.html.shape import shape_of
from email_campaigns.message.html.sheets import count_matches, problem_with_sheets, rules_of

SECONDS, MEGABYTES = 2, 100  # twice what a quiet machine takes
PATIENCE = 10  # seconds of the processor after which the process is ended


def sheet(css, body="<p>x</p>"):
	return f"<html><head><style>{css}</style></head><body>{body}</body></html>"


def names(number, pattern="a{0}:b;"):
	return "".join(pattern.format(place) for place in range(number))


REFUSED = {
	"declarations in one rule": (sheet(f"p{{{'a:b;' * 50_000}}}"), "more than 5,000 declarations"),
	"different declarations": (sheet(f"p{{{names(40_000)}}}"), "more than 5,000 declarations"),
	"declarations in an attribute": (sheet("p{a:b}", f"<p style='{names(40_000)}'>x"), "500 declarations"),
	"selectors in a list": (sheet(",".join([".a"] * 60_000) + "{a:b}"), "more than 6,000 selectors"),
	"rules": (sheet("p{}" * 20_000), "more than 3,000 rules"),
	"siblings": (sheet("p" + ",q~p" * 2000 + "{a:b}", "<p>x</p>" * 2900), "50,000,000 steps"),
	"ancestors": (sheet("p" + ",q q~q p" * 2000 + "{a:b}", "<q>" * 900 + "<p>x" * 900), "50,000,000 steps"),
	"relatives": (sheet("p" + ",p:has(~q)" * 500 + "{a:b}", "<p>x</p>" * 2900), "50,000,000 steps"),
	"styles for all": (sheet(f"*{{{names(200)}}}", "<p>x</p>" * 2900), "add more than 2,000,000 characters"),
	"layers": (sheet(f"@layer a{{*{{{names(200)}}}}}", "<p>x</p>" * 2900), "add more than 2,000,000 char"),
	"unclosed styles": (sheet(f"*{{{names(200)}", "<p>x</p>" * 2900), "add more than 2,000,000 characters"),
	"end tags of p": ("x" + "</p>" * 90_000, "more than 10,000 HTML tags and comments"),
	"end tags of br": ("x" + "</br>" * 90_000, "more than 10,000 HTML tags and comments"),
	"instructions": ("x" + "<?" * 200_000, "more than 10,000 HTML tags and comments"),
	"declarations": (sheet("p{a:b}", "x" + "<!" * 200_000), "more than 10,000 HTML tags and comments"),
	"start tags": ("x" + "<p>" * 9000, "more than 3,000 HTML tags"),
	"formats": ("<p>" + names(99, "<b id={0}>") + "</p>" + "<p>x</p>" * 2800, "more than 68 different tags"),
	"elements": (
		"<p>" + names(60, "<b id={0}>") + "</p>" + "<p>x</p>" * 2800,
		"more than 10,000 HTML elements",
	),
	"attributes": ("<p>x</p><p " + names(60_000, "a{0} ") + ">", "more than 500 attributes"),
	"attributes without an end": ("<p>x</p><p " + names(60_000, "a{0} "), "more than 500 attributes"),
	"attributes with signs": ("<p>x</p><p " + names(40_000, 'a{0}=">"') + ">", "more than 500 attributes"),
	"ampersands": ("<p>x" + "&" * 400_000, "more than 50,000 of the signs"),
	"less-than signs": ("<p>x" + "<" * 400_000, "more than 50,000 of the signs"),
	"fields": ("<p>x</p>" + "{{ a }}" * 70_000, "more than 6,000 names, values and signs"),
	"blocks": ("<p>x</p>" + "{% if a %}{% endif %}" * 20_000, "more than 6,000 names"),
	"comments of Jinja": ("<p>x</p>" + "{##}" * 100_000, "more than 6,000 names"),
	"placeholders": ("{optOutLink}" * 6900, "more than 6,000 names"),
	"tuples": ("<p>x</p>{{ " + "(" * 90 + "1" + ",)" * 90 + " }}", "nested too deeply"),
	"a sum": ("<p>x</p>{{ " + "1+" * 2900 + "1 }}", "nested too deeply"),
	"look-ups": ("<p>x</p>{{ a" + ".a" * 2900 + " }}", "nested too deeply"),
	"filters": ("<p>x</p>{{ a" + "|upper" * 2900 + " }}", "nested too deeply"),
	"negations": ("<p>x</p>{{ " + "not " * 2900 + "a }}", "nested too deeply"),
	"conditions": ("<p>x</p>" + "{% if a %}" * 700 + "{% endif %}" * 700, "nested too deeply"),
	"loops": ("<p>x</p>" + "{% for a in b %}" * 30 + "{% endfor %}" * 30, "nested too deeply"),
	"length": ("<p>x</p>" * 70_000, "longer than 500,000 characters"),
}
BORNE = {
	"nested tuples": "<p>x</p>{{ " + "(" * 60 + "1" + ",)" * 60 + " }}",
	"many declarations": sheet(f"p{{{names(4900)}}}", "<p>x</p>" * 40),
	"unclosed comments": sheet("p{a:b}", "x" + "<!--" * 9000 + "y" * 400_000),
	"unclosed end tags": sheet("p{a:b}", "x" + "</a " * 9000 + "y" * 400_000),
	"unclosed start tags": sheet("p{a:b}", "x" + "<a b='c' " * 2900),
	"nested elements": "<div>" * 2900 + "x",
	"nested tables": "<table><td>" * 1400 + "x",
	"nested lists": "<ul><li>" * 1400 + "x",
	"links": "<a href='https://e.com/?a=1&b=2'>x</a>" * 2900,
	"expressions": "<p>x</p>" + "{{ a+b*c-d }}" * 660,
	"a comparison": "<p>x</p>{{ a" + " < a" * 2900 + " }}",
	"loops": "<p>x</p>" + "{% for x in y %}{{ x.b }}{% endfor %}" * 420,
	"blocks on lines": "<p>x</p>\n" + "{% if a %}\n{% endif %}\n" * 800,
	"a word of the compiler's": sheet("p{a:b}", "<p>x</p>{{ a }}" + names(50_000, "z{0}j")),
	"placeholders without an end": "x" + "{trackingUrl:" * 38_000,
	"escapes": "<p>x</p>{{ '" + "%41" * 100_000 + "' }}",
	"empty lines": "<p>x</p>" + "\n \n" * 130_000,
	"lines": "<pre>" + "x\n" * 200_000,
	"an attribute to search": sheet("p" + ",[x*='aaab']" * 5000 + "{a:b}", f"<p x='{'a' * 200_000}'>x</p>"),
	"open braces": sheet("a" + "{" * 2900),
	"comments of dashes": "<p>x</p><!--" + "-x" * 240_000,
	"conditional comments": "<p>x</p>" + "<!--[if mso]>" * 9000 + "y" * 300_000 + "<![endif]-->",
	"links in a conditional comment": "<p>x</p><!--[if mso]>"
	+ "<v:rect href='https://e.com/'>" * 2900
	+ "<![endif]-->",
	"pieces in a tag": "<p>x</p><p " + "{{ a }} " * 1100 + " b='" + "{{ a }}" * 80 + "'>",
	"braces of CSS": sheet("@media print{" + "{#a" * 2900, "<p>x #}</p>"),
	"hidden elements": "<p>x</p>" + "<p hidden style='display:none;font-size:0'>" * 2900,
	"links without an end": "<a href='https://e.com/'>x " * 2900,
	"quotes of CSS": sheet('"a\n' * 100_000),
}


def limited(html, write):
	resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
	before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
	began = time.process_time()
	try:
		compile_message("s", html, tracks=lambda url: True, open_pixel=True)
		sentence = ""
	except TemplateError as error:
		sentence = str(error)
	seconds = time.process_time() - began
	size = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
	os.write(write, json.dumps([seconds, size, sentence]).encode())


def compiled_apart(html):
	"""Return (seconds, megabytes, sentence) of compiling in a process of its own."""
	read, write = os.pipe()
	process = os.fork()
	if not process:
		try:
			limited(html, write)
		finally:
			os._exit(0)
	os.close(write)
	with open(read, "rb") as answers:
		answer = answers.read()
	_process, status = os.waitpid(process, 0)
	ending = signal.Signals(os.WTERMSIG(status)).name if status else "an error that is no TemplateError"
	assert answer, f"ended by {ending}"
	return json.loads(answer)


@pytest.mark.parametrize("bomb", REFUSED)
def test_a_bomb_ends_in_a_sentence_that_names_the_limit(bomb):
	html, expected = REFUSED[bomb]
	seconds, megabytes, sentence = compiled_apart(html)
	assert expected in sentence
	assert seconds < SECONDS
	assert megabytes < MEGABYTES


def test_a_subject_has_a_limit_of_its_own():
	with pytest.raises(TemplateError, match="Subject, line 1: The template has more than 500 names"):
		compile_message("{{ a }}" * 200, "<p>x</p>")


@pytest.mark.parametrize("bomb", BORNE)
def test_what_the_limits_let_through_is_bearable(bomb):
	seconds, megabytes, _sentence = compiled_apart(BORNE[bomb])
	assert seconds < SECONDS
	assert megabytes < MEGABYTES


ROW = (
	"<tr><td class='c{0} x{0}' style='padding:0 10px;font-size:14px'><table class='w{0}' width='100%'><tr>"
	"<td class='c{0}'><strong>Offer {0}</strong> for {{{{ doc.first_name }}}}: "
	"<a href='https://shop.example.com/p/{0}?utm_source=n' style='color:#123456'>look&nbsp;here</a> and a "
	"paragraph of text as newsletters have it.</td></tr></table></td></tr>"
)
RULES = ".c{0}{{color:#123;padding:1px;font-family:Arial, Helvetica}} table.w{0} td.c{0}, .x{0} a{{margin:0}}"
PHONES = "@media screen and (max-width:600px){" + names(100, ".c{0}{{width:100% !important}}") + "}"


def test_a_large_newsletter_is_far_from_every_limit():
	"""100 KB of HTML with 400 rules, and fields in it, as large newsletters are."""
	css, around = names(150, RULES) + PHONES, 8
	rows = "".join(ROW.format(row % 150) for row in range(250))
	html = sheet(css, "<table><tr><td>" * around + f"<table>{rows}</table>" + "</td></tr></table>" * around)
	assert len(html) > 100_000
	assert css.count("{") > 300
	message = compile_message("News", html, footer=Footer("Shop", "Street 1"), tracks=lambda url: True)
	assert "font-family: Arial" in message.source.html
	assert len(message.automatic_links) == 150
	assert not problem_with_sheets(css * 4, shape_of(regular(html)))


def test_the_estimates_are_no_less_than_the_work():
	"""A selector that matches must be counted, or its styles would cost nothing."""
	body = "<div id=i class='a b'><p class=\"c d\">x</p><br><img src=a></div><p>y</p>"
	shape = shape_of(regular(sheet("", body)))
	assert (shape.elements, shape.depth, shape.width) == (9, 4, 3)
	for selector in (
		"p",
		"P.c",
		"#i",
		".a",
		"div > p",
		"div p.d",
		"*",
		"p:not(.z)",
		"#i p",
		".a > .c",
		"html body p",
		"body>p",
		"div + p",
		"p ~ br + img",
		"[src]",
		"p, q",
		".\\63 ",
	):
		css = f"@media print{{q{{a:b}}}} {selector}{{k:v}}"
		assert '="k: v;"' in INLINER.inline(sheet(css, body))
		(rule,) = rules_of(css)
		assert rule.body == "k:v"
		assert sum(count_matches(part, shape) for part in rule.selectors) >= 1


def test_a_selector_of_nothing_costs_nothing():
	shape = shape_of(regular(sheet("", "<div class=a><p class=c>x</p></div><p>y</p>")))
	assert not count_matches("div p.absent", shape)
	assert not count_matches(".absent p", shape)
	assert count_matches(".a p", shape) == 1
