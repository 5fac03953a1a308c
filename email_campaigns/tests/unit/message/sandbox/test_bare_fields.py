"""A field without `doc.`, as the help of Frappe's Email Template writes it."""

import pytest

from email_campaigns.message.compile import compile_message

VALUES = {"unsubscribe_url": "https://u", "campaign": {"name": "Spring"}, "mass_email": {}, "view_url": ""}


def written(html, subject="Hello", **record):
	message = compile_message(subject, f"<p>{html}</p>")
	content = message.render({**VALUES, "doc": record})
	return content.html.partition("<p>")[2].partition("</p>")[0], message, content


@pytest.mark.parametrize(
	("html", "expected"),
	[
		("{{ first_name }}", "Ada"),
		("{{ first_name|upper }}", "ADA"),
		("{% if first_name %}yes{% endif %}", "yes"),
		("{% set last = first_name %}{{ last }}", "Ada"),
		("{% set first_name = 'Eve' %}{{ first_name }}", "Eve"),
		("{% set first_name = first_name or 'friend' %}{{ first_name }}", "Ada"),
		("{% for first_name in ['Eve'] %}{{ first_name }}{% endfor %} {{ first_name }}", "Eve Ada"),
		("{% with first_name = 'Eve' %}{{ first_name }}{% endwith %} {{ first_name }}", "Eve Ada"),
		("{% macro m(first_name) %}{{ first_name }}{% endmacro %}{{ m('Eve') }} {{ first_name }}", "Eve Ada"),
		("{% macro m() %}{{ first_name }}{% endmacro %}{{ m() }}", "Ada"),
		("{% for row in phones %}{{ row.phone }} {{ first_name }}{% endfor %}", "1 Ada"),
		("{{ campaign.name }}", "Spring"),
		("{{ markup }}", "&lt;b&gt;"),
		('<a href="https://x/?n={{ markup }}">x</a>', '<a href="https://x/?n=%3Cb%3E">x</a>'),
	],
)
def test_is_the_field_of_the_record_unless_the_name_has_another_value(html, expected):
	record = {"first_name": "Ada", "phones": [{"phone": "1"}], "campaign": "no", "markup": "<b>"}
	assert written(html, **record)[0] == expected


def test_in_the_subject_and_the_text_part():
	_html, _message, content = written("{{ first_name }}", subject="For {{ first_name }}", first_name="Ada")
	assert (content.subject, content.text.strip()) == ("For Ada", "Ada")


def test_counts_as_a_field_that_the_template_uses():
	fields = written("{{ first_name }}{% set a = city or 1 %}{{ a }}{% for b in [1] %}{{ b }}{% endfor %}")[1]
	assert fields.record_fields == {"first_name", "city"}
	assert not fields.uses_whole_record
	assert written("{% set a = a %}{{ a }}{{ view_url }}{{ range(2)|first }}")[1].record_fields == {"a"}


def test_that_the_record_lacks_is_empty_with_a_warning():
	html, _message, content = written("Dear {{ frist_name }}", first_name="Ada")
	assert html == "Dear "
	assert [str(warning) for warning in content.warnings] == ["frist_name has no value"]


def test_is_read_by_the_rules_of_the_sandbox():
	assert written("{{ get }}{{ items }}{{ keys }}")[0] == ""
	assert written("{{ items }}", items="mine")[0] == "mine"


def test_names_with_a_meaning_of_their_own_are_never_fields():
	message = compile_message("Hello", "<p>{{ view_url }}{{ loop }}</p>")
	content = message.render({"doc": {"view_url": "x", "loop": "y"}, "unsubscribe_url": "https://u"})
	assert "<p></p>" in content.html
