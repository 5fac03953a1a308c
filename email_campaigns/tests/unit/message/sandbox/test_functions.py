"""Functions of templates: what Frappe's Email Template would not save as a filter is called by its name."""

from datetime import date

import pytest

from email_campaigns.message.compile import TemplateError, compile_message

VALUES = {
	"doc": {"birthday": date(1815, 12, 10), "budget": 1234.5, "empty": None},
	"unsubscribe_url": "https://x.example",
}


def html(source):
	return compile_message("Subject", source).render(VALUES)


def test_dates_and_numbers_are_written_as_the_template_says():
	content = html(
		'{{ format_date(doc.birthday, "%d.%m.%Y") }}, {{ format_number(doc.budget, 2, ".", ",") }}'
	)
	assert "10.12.1815, 1.234,50" in content.html


def test_an_empty_field_stays_empty_and_a_missing_one_is_a_warning():
	content = html("<p>[{{ format_date(doc.empty) }}{{ format_number(doc.bugdet) }}]</p>")
	assert "[]" in content.html
	assert [str(warning) for warning in content.warnings] == ["doc.bugdet has no value"]


def test_their_names_cannot_be_given_another_meaning():
	with pytest.raises(TemplateError, match="format_date"):
		compile_message("Subject", "{% set format_date = 1 %}x")
