"""Every text for people can be translated: an extractor finds it, and the template of translations has it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "dev"))

import translations

SOURCES = [path for path in translations.sources() if path.suffix in translations.READERS]


def texts(calls):
	return [call.text for call in calls if call.text is not None]


def problems(calls):
	return [call.problem for call in calls if call.problem]


def test_the_template_is_what_the_command_writes():
	written = translations.POT.read_text("utf-8")
	assert written == translations.pot(translations.catalog()), "run dev/bench translations"


def test_the_template_differs_for_a_text_that_it_lacks():
	catalog = translations.catalog()
	catalog.add("A text that nobody extracted")
	assert translations.POT.read_text("utf-8") != translations.pot(catalog)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(translations.PACKAGE)))
def test_no_text_is_put_together_where_it_is_marked(path):
	assert translations.problems_in(path) == []


@pytest.mark.parametrize(
	"planted",
	[
		'_(f"{number} mails")',
		'_("Mails: " + number)',
		'_("Mails: %s" % number)',
		'_("Mails: {0}".format(number))',
		'_("One" if number == 1 else "Many")',
		'_(status or "Draft")',
		'_("Draft", "a context")',
		'_lt(f"{number} mails")',
		"_lt(text)",
		'Sentence("Not marked")',
		'Sentence(f"{number} mails")',
	],
)
def test_python_that_no_extractor_can_read_is_refused(planted):
	assert len(problems(translations.python_calls(planted))) == 1


@pytest.mark.parametrize(
	"source",
	[
		'_("{0} mails").format(number)',
		'_("One") if number == 1 else _("Many")',
		"_(status)",
		"_(doc.status)",
		"_(LABELS[field])",
		"_(meta.get_label(field))",
		'_lt("A long text " "in two literals")',
		'Sentence(_lt("{0} mails"), number)',
		'Sentence("{0} {1}", first, second)',
		'Sentence("")',
	],
)
def test_python_that_an_extractor_can_read_passes(source):
	assert problems(translations.python_calls(source)) == []


def test_python_texts_are_found():
	source = 'throw(_("First").format(_(kind), _("Second")), title=_lt("A " "third"))'
	assert sorted(texts(translations.python_calls(source))) == ["A third", "First", "Second"]


@pytest.mark.parametrize(
	"planted",
	[
		"__(`${number} mails`)",
		"__(`mails`)",
		'__("Mails: " + number)',
		'__(number === 1 ? "One" : "Many")',
		'__(status || "Draft")',
		"__(text, [number])",
		'__("Draft", null, "a context")',
		'`<b>${__("Mails: " + number)}</b>`',
	],
)
def test_a_script_that_no_extractor_can_read_is_refused(planted):
	assert len(problems(translations.js_calls(planted))) == 1


@pytest.mark.parametrize(
	"source", ['__("{0} mails", [number])', "__(status)", "__(doc.status)", "__(names[kind])"]
)
def test_a_script_that_an_extractor_can_read_passes(source):
	assert problems(translations.js_calls(source)) == []


def test_texts_of_a_script_are_found_in_template_strings_too():
	source = (
		'f(`<b>${on ? `${__("In\\u2026")}` : __(\'It\\\'s "out"\')}</b>`, __("{0} of", [__("Inner")]));'
		'/["{`]/.test(__("Last"))'
	)
	assert texts(translations.js_calls(source)) == ["In…", 'It\'s "out"', "{0} of", "Inner", "Last"]


def test_texts_of_a_template_are_found():
	assert texts(translations.template_calls("<p>{{ _('Hello') }}</p>{{ name }}")) == ["Hello"]
	assert len(problems(translations.template_calls("{{ _('Hello' ~ name) }}"))) == 1


def test_texts_of_a_doctype_are_found():
	field = {"fieldname": "status", "fieldtype": "Select", "label": "Status", "options": "Draft\nSent\n15"}
	document = {
		"doctype": "DocType",
		"name": "Letter",
		"fields": [{**field, "description": "How far it is"}],
		"links": [{"link_doctype": "Envelope", "group": "Post"}],
		"permissions": [{"role": "Writer"}],
		"states": [{"title": "Draft"}],
	}
	expected = ["Letter", "Status", "How far it is", "Draft", "Sent", "Post", "Envelope", "Draft", "Writer"]
	assert [found.text for found in translations.json_texts(document) if found.text] == expected


def test_texts_of_a_workspace_a_report_and_a_number_card_are_found():
	content = (
		'[{"type": "header", "data": {"text": "Results"}}, {"type": "card", "data": {"card_name": "x"}}]'
	)
	workspace = {
		"doctype": "Workspace",
		"label": "Mail",
		"content": content,
		"shortcuts": [{"label": "Drafts"}],
	}
	documents = [
		workspace,
		{"doctype": "Report", "report_name": "Bounces"},
		{"doctype": "Number Card", "label": "Opened"},
	]
	found = [text.text for document in documents for text in translations.json_texts(document) if text.text]
	assert found == ["Mail", "Drafts", "Results", "Bounces", "Opened"]
