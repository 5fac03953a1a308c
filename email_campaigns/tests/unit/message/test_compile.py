"""What a compiled message knows about its template, and what a recipient gets."""

from datetime import date, datetime
from decimal import Decimal
from html import unescape

import pytest

from email_campaigns.message.compile import RenderError, TemplateError, compile_message
from email_campaigns.message.html.footer import Footer
from email_campaigns.text import Sentence

URL = "https://example.com/u?a=1&b=2"


def compiled(html, subject="Hello", **options):
	return compile_message(subject, html, **options)


def render(html, doc=None, subject="Hello", **options):
	values = {
		"doc": doc or {},
		"campaign": {"name": "Spring"},
		"mass_email": {},
		"unsubscribe_url": URL,
		"view_url": "https://example.com/v",
		"tracking_url": {"shop": "https://example.com/c", "Spring sale": "https://example.com/s"}.__getitem__,
	}
	return compiled(html, subject, **options).render(values)


@pytest.mark.parametrize(
	("template", "fields"),
	[
		("{{ doc.first_name }}", {"first_name"}),
		("{{ doc['first_name'] }}", {"first_name"}),
		("{{ doc.get('first_name', doc.x) }}", {"first_name", "x"}),
		("{{ doc.phone_nos[0].phone }}", {"phone_nos"}),
		("{% for row in doc.rows if doc.y %}{{ row.z }}{% endfor %}", {"rows", "y"}),
		("{{ doc.a ~ doc.b|default(doc.c) }}", {"a", "b", "c"}),
		("{{ 'x' if doc.a == doc.b else doc['c'] }}", {"a", "b", "c"}),
		("{{ campaign.name }}{{ x.doc }}", {"x"}),
		("{% raw %}{{ doc.a }}{% endraw %}{# {{ doc.b }} #}", set()),
		("<a href='{{ doc.site }}' style='color:{{ doc.colour }}'>x</a>", {"site", "colour"}),
	],
)
def test_fields_are_found_in_the_syntax_tree(template, fields):
	message = compiled(f"<p>x</p>{template}")
	assert message.record_fields == fields
	assert not message.uses_whole_record


@pytest.mark.parametrize(
	"template",
	[
		"{{ doc[campaign.field] }}",
		"{{ doc.get(campaign.field) }}",
		"{{ doc }}",
		"{% for field in doc %}{{ doc[field] }}{% endfor %}",
		"{% set d = doc %}{{ d.x }}",
		"{% if doc %}x{% endif %}",
		"{{ doc[0] }}",
	],
)
def test_other_uses_of_the_record_need_all_of_it(template):
	assert compiled(f"<p>x</p>{template}").uses_whole_record


def test_fields_of_subject_and_text_count():
	message = compile_message("{{ doc.a }}", "<p>{{ doc.b }}</p>", text="{{ doc.c }}")
	assert message.record_fields == {"a", "b", "c"}


def test_a_missing_value_is_empty_and_a_warning_once():
	content = render("<p>[{{ doc.frist_name }}]{{ doc.frist_name }}{{ doc.a.b.c }}{{ nobody }}</p>")
	assert "<p>[]</p>" in content.html
	assert sorted(map(str, content.warnings)) == [
		"doc.a.b.c has no value",
		"doc.frist_name has no value",
		"nobody has no value",
	]


def test_filters_keep_the_warning_and_conditions_have_none():
	content = render("<p>x{{ doc.frist|upper|trim }}</p>")
	assert [str(warning) for warning in content.warnings] == ["doc.frist has no value"]
	assert render("<p>x{% if doc.frist %}y{% endif %}{{ doc.z|default('w') }}</p>").warnings == ()


def test_none_is_empty_without_a_warning():
	content = render("<p>[{{ doc.a }}]{{ doc.a|upper }}</p>", {"a": None})
	assert "[]<" in content.html
	assert content.warnings == ()


def test_a_list_is_not_written_as_python_writes_it():
	content = render("<p>x{{ doc.rows }}</p>", {"rows": [{"a": 1}]})
	assert "[" not in content.html
	assert "loop over it" in str(content.warnings[0])


@pytest.mark.parametrize(
	("template", "sentence"),
	[
		("{{ 1 / doc.zero }}", "divided by 0"),
		("{{ doc.text + 1 }}", "cannot be used between a text and a number"),
		("{{ doc.nothing + 1 }}", "doc.nothing has no value"),
		("{{ doc.none * 2 }}", "a field has no value"),
		("{{ doc.text < 1 }}", "< cannot compare a text and a number"),
		("{{ doc.missing() }}", "doc.missing has no value"),
		("{{ tracking_url('nowhere') }}", "no tracking link named “nowhere”"),
	],
)
def test_a_failed_operation_is_a_sentence_for_this_recipient(template, sentence):
	with pytest.raises(RenderError, match=sentence) as caught:
		render(f"<p>{template}</p>", {"zero": 0, "text": "a", "none": None})
	assert caught.value.part == "html"
	assert str(caught.value).startswith("The message cannot be made for this recipient: ")


@pytest.mark.parametrize(
	("html", "line"),
	[
		("<p>\n{{ doc. }}</p>", 2),
		("<p>\n\n{% if doc.a %}</p>", 3),
		("<style>p{}</style>\n<p>\n<b>{{ doc.a|nothing }}</b>", 3),
		("a\nb\n{% include 'x' %}", 3),
		("{optOutLink}\n{{ doc.__class__ }}", 2),
		("x\n{{ 'a' is strange }}", 2),
		("x\n{% endfor %}", 2),
		("x\n{{ 'open }}", 2),
	],
)
def test_errors_have_the_users_own_line(html, line):
	with pytest.raises(TemplateError) as caught:
		compiled(html)
	assert (caught.value.part, caught.value.line) == ("html", line)
	assert str(caught.value) == f"Message, line {line}: {caught.value.fault}"
	assert str(caught.value).endswith(".")


def test_errors_and_warnings_hold_no_value_in_their_texts():
	with pytest.raises(TemplateError) as caught:
		compiled("{{ doc.a|frobnicate }}")
	located = caught.value.sentence
	assert located.text == "{0}, line {1}: {2}"
	assert located.values == (Sentence("Message"), 1, caught.value.fault)
	assert caught.value.fault.values[0] == "frobnicate"
	assert render("<p>x{{ doc.frist }}</p>").warnings == (Sentence("{0} has no value", "doc.frist"),)


def test_errors_name_their_part():
	with pytest.raises(TemplateError) as caught:
		compile_message("{{ x", "<p>x</p>")
	assert caught.value.part == "subject"
	with pytest.raises(TemplateError) as caught:
		compile_message("x", "<p>x</p>", text="{% if %}")
	assert caught.value.part == "text"


@pytest.mark.parametrize(
	"html", ["", "  \n", "<p></p>", "<div class='ql-editor'><p><br></p></div>", "<style>p{}</style>"]
)
def test_an_empty_message_is_an_error(html):
	with pytest.raises(TemplateError, match="The message is empty"):
		compiled(html)


def test_an_image_is_a_message():
	assert "<img" in render("<img src='https://example.com/a.png'>").html


def test_an_empty_subject_is_an_error():
	with pytest.raises(TemplateError, match="The subject is empty"):
		compiled("<p>x</p>", subject=" \n")
	with pytest.raises(RenderError, match="The subject is empty for this recipient"):
		render("<p>x</p>", subject="{{ doc.nothing }}")


def test_a_subject_is_one_line_whatever_the_data():
	content = render("<p>x</p>", {"name": "A\r\nBcc: b@example.com\u2028c"}, subject="Dear {{ doc.name }}")
	assert content.subject == "Dear A Bcc: b@example.com c"


def test_the_prefix_is_text():
	content = render("<p>x</p>", subject="News", prefix="[TEST {{ 1 }}]")
	assert content.subject == "[TEST {{ 1 }}] News"


@pytest.mark.parametrize(
	"written",
	[
		"{optOutUrl}",
		"%7BoptOutUrl%7D",
		"{{ unsubscribe_url }}",
		"{{%20unsubscribe_url%20}}",
		"%7B%7B%20unsubscribe_url%20%7D%7D",
		"https://{{ unsubscribe_url }}",
		"http://%7B%7Bunsubscribe_url%7D%7D",
		"{{&nbsp;unsubscribe_url&nbsp;}}",
		"{{optOutUrl}}",
	],
)
def test_every_spelling_of_the_unsubscribe_link(written):
	message = compiled(f'<p><a href="{written}">bye</a></p>', footer=Footer())
	assert message.uses_unsubscribe
	html = message.render({"unsubscribe_url": URL}).html
	assert html.count('href="https://example.com/u?a=1&amp;b=2"') == 1


def test_an_opt_out_link_has_the_footers_text():
	content = render("<p>x</p>{optOutLink}", footer=Footer(unsubscribe_text="Abmelden & weg"))
	assert content.html.count(">Abmelden &amp; weg</a>") == 1
	assert content.text.count("Abmelden & weg") == 1


@pytest.mark.parametrize(
	"written",
	[
		"{trackingUrl:shop}",
		"%7BtrackingUrl:shop%7D",
		"%7BtrackingUrl%3Ashop%7D",
		"{{ tracking_url('shop') }}",
		"{{ tracking_url(&quot;shop&quot;) }}",
		"{{tracking_url(%22shop%22)}}",
	],
)
def test_every_spelling_of_a_tracking_link(written):
	html = f'<a href="{written}">go</a>'
	assert compiled(html).tracking_links == {"shop"}
	assert 'href="https://example.com/c"' in render(html).html


def test_a_tracking_link_with_a_space():
	assert compiled("<a href='{trackingUrl:Spring sale}'>x</a>").tracking_links == {"Spring sale"}
	assert compiled("<a href='{trackingUrl:Spring%20sale}'>x</a>").tracking_links == {"Spring sale"}


def test_a_remainder_is_no_percent_code():
	assert "[1]" in render("<p>[{{ 21 %20 }}]</p>").html
	assert "[1]" in render("<p>[{{21%20}}]</p>").html


def test_html_signs_in_expressions_are_jinjas():
	assert "adult" in render("<p>x{% if doc.age &gt; 17 %}adult{% endif %}</p>", {"age": 18}).html


def test_placeholders_within_strings_of_jinja_stay():
	assert "{optOutUrl}" in render("<p>{{ '{optOutUrl}' }}</p>").html


@pytest.mark.parametrize(
	"html",
	[
		"<p>x{% if doc.a %}{{ unsubscribe_url }}{% endif %}</p>",
		"<p>x</p><!-- {{ unsubscribe_url }} -->",
		"<p>x</p>{% for a in [] %}{optOutLink}{% endfor %}",
		"<p>x</p>{% macro m() %}{optOutLink}{% endmacro %}",
		"<p>x{{ '' if doc.a else unsubscribe_url }}</p>",
	],
)
def test_a_link_that_may_not_be_seen_does_not_count(html):
	assert not compiled(html).uses_unsubscribe
	assert ">Leave</a></div></body>" in render(html, footer=Footer(unsubscribe_text="Leave")).html


FOOTER = Footer("Us {{ 1 }} <b>", "Street 1\nTown", unsubscribe_text="Leave", view_text="View")


def test_the_footer_is_escaped_text_before_the_end_of_the_body():
	content = render("<p>x</p>", footer=FOOTER)
	end = content.html[content.html.index("Us {{ 1 }}") :]
	assert end.startswith("Us {{ 1 }} &lt;b&gt;<br>Street 1<br>Town<br>")
	assert end.endswith('<a href="https://example.com/u?a=1&amp;b=2">Leave</a></div></body></html>')
	assert content.text.endswith(
		"\n\n---\nUs {{ 1 }} <b>\nStreet 1\nTown\nView: https://example.com/v\nLeave: " + URL + "\n"
	)


def test_any_text_can_stand_in_a_footer():
	line = "\\ \"quoted\" 'single' {% x %} \\n é 😀 #} %}"
	content = render("<p>x</p>", footer=Footer(line, unsubscribe=False))
	assert line in content.text
	assert unescape(content.html).count(line) == 1


def test_without_a_footer_there_is_none():
	content = render("<p>x</p>")
	assert "unsubscribe" not in content.html.lower()
	assert "---" not in content.text


def test_a_view_link_needs_a_page():
	message = compiled("<p>x</p>", footer=FOOTER)
	content = message.render({"unsubscribe_url": URL, "view_url": ""})
	assert "View" not in content.html + content.text
	assert "Town\nLeave" in content.text


def test_a_users_own_text_part_gets_the_link_that_it_lacks():
	content = render("<p>x</p>{optOutLink}", text="Hi {{ doc.name }}", doc={"name": "A&B"}, footer=FOOTER)
	assert content.text.startswith("Hi A&B\n\n---\n")
	assert content.text.endswith(f"Leave: {URL}\n")
	assert render("<p>x</p>", text="Bye {optOutLink}", footer=FOOTER).text.count(URL) == 1


FILTERS = [
	("{{ doc.name|upper }}", "ÉVA"),
	("{{ doc.name|truncate(3) }}", "Éva"),
	("{{ 'one two three'|truncate(9) }}", "one two…"),
	("{{ doc.none|default('friend') }}{{ doc.blank|default('s') }}{{ doc.zero|default('no') }}", "friends0"),
	("{{ doc.day|format_date('%d.%m.%Y') }}", "06.05.1984"),
	("{{ doc.moment|format_date('%H:%M') }}", "12:30"),
	("{{ '2024-02-29'|format_date('%d.%m.%Y') }}", "29.02.2024"),
	("{{ '2024-02-29 10:11:12.500000'|format_date('%d.%m.%Y')|length }}", "10"),
	("{{ 'soon'|format_date }}", "soon"),
	("{{ doc.day.strftime('%Y') }} {{ doc.day.isoformat() }} {{ doc.day.weekday() }}", "1984 1984-05-06 6"),
	("{{ doc.amount|format_number }}", "1,234.57"),
	("{{ doc.amount|format_number(1, '.', ',') }}", "1.234,6"),
	("{{ 2.5|round }} {{ 2.345|round(2) }} {{ 2.1|round(0, 'ceil') }}", "3 2.35 3"),
	("{{ doc.amount * 2 }} {{ doc.amount + 0.5 }}", "2469.134 1235.067"),
	("{{ '12'|int + 1 }} {{ 'x'|int(7) }} {{ doc.none|int }} {{ '1.5'|float }}", "13 7 0 1.5"),
	("{{ '1e400'|int(5) }} {{ 'nan'|int(5) }}", "5 5"),
	("{{ doc.rows|sum(attribute='n') }} {{ doc.rows|length }}", "8.5 3"),
	("{{ doc.rows|sort(attribute='n', reverse=true)|first|default({})|length }}", "2"),
	("{{ doc.rows|join(', ', 't') }}", "b, a, c"),
	("{{ doc.rows|sort(attribute='t')|join('', 't') }}", "abc"),
	("{{ 'a b'|urlencode }} {{ 'ä/?'|urlencode }}", "a%20b %C3%A4%2F%3F"),
	("{{ doc.name[0] }}{{ doc.name[1:] }}{{ doc.name[-1] }}", "Évaa"),
	(
		"{{ doc.name.split('v')[1] }} {{ doc.name.replace('a', 'e') }} {{ doc.name.startswith('É') }}",
		"a Éve True",
	),
	("{{ 'x' ~ 1 ~ doc.none ~ doc.name }}", "x1Éva"),
	("{{ -3|abs }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 2 ** 8 }}", "3 3 1 256"),
	(
		"{% for row in doc.rows %}{{ loop.index }}{{ row.t }}{{ loop.cycle('-', '+') }}{% endfor %}",
		"1b-2a+3c-",
	),
	("{% for x in doc.none %}x{% else %}none{% endfor %}", "none"),
	("{{ 'odd' if 3 is odd }}{{ doc.x is defined }}{{ doc.none is none }}", "oddFalseTrue"),
	("{% macro m(a, b=2) %}{{ a + b }}{% endmacro %}{{ m(1) }}{{ m(1, b=4) }}", "35"),
	("{% set x %}<i>{{ doc.name }}</i>{% endset %}{{ x|length }}", "10"),
	("{% filter upper %}ab{{ doc.name }}{% endfilter %}", "ABÉVA"),
	("{{ campaign.name }}", "Spring"),
]


@pytest.mark.parametrize(("template", "expected"), FILTERS)
def test_formatting(template, expected):
	doc = {
		"name": "Éva",
		"none": None,
		"blank": "",
		"zero": 0,
		"day": date(1984, 5, 6),
		"moment": datetime(2024, 1, 2, 12, 30),
		"amount": Decimal("1234.567"),
		"rows": [{"n": 5, "t": "b"}, {"n": 3.5, "t": "a"}, {"n": None, "t": "c"}],
	}
	assert f"<p>{expected}</p>" in render(f"<p>{template}</p>", doc).html


def test_lines_and_escapes_are_html_only_in_html():
	content = render("<p>{{ doc.x|nl2br }}|{{ doc.x|e }}</p>", {"x": "a&b\nc"}, subject="{{ doc.x|e }}")
	assert "<p>a&amp;b<br>c|a&amp;b\nc</p>" in content.html
	assert content.subject == "a&b c"
	assert "a&b\nc|a&b\nc" in content.text


def test_a_long_subject_is_refused_before_the_first_mail():
	assert compiled("<p>x</p>", "ü" * 255)
	with pytest.raises(TemplateError, match=r"^The subject is longer than 255 characters\.$"):
		compiled("<p>x</p>", "ü" * 256)


def test_a_subject_that_a_field_makes_long_fails_that_mail():
	subject = "{% if doc.notes %}{{ doc.notes }}{% else %}" + "News " * 40 + "{% endif %}"
	assert render("<p>x</p>", {"notes": "x" * 255}, subject).subject == "x" * 255
	assert render("<p>x</p>", {}, subject).subject == ("News " * 40).strip()
	with pytest.raises(
		RenderError, match="The subject is longer than 255 characters for this recipient"
	) as error:
		render("<p>x</p>", {"notes": "x" * 256}, subject)
	assert error.value.part == "subject"
