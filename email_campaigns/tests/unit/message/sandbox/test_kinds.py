"""The kinds of values: what a function does not take is refused, before Python makes a text of it."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from email_campaigns.message.compile import (
	MessageSource,
	RenderError,
	TemplateError,
	compile_message,
	compile_source,
)
from email_campaigns.message.errors import Refused
from email_campaigns.message.html.protect import protect
from email_campaigns.message.sandbox.environment import GLOBALS, HTML
from email_campaigns.message.sandbox.kinds import CALL, DEEPEST, ENTRY, LONGEST_KEY, MOST_VALUES, key, weigh
from email_campaigns.message.sandbox.limits import Limits, Meter, escaped_size, search_size, size
from email_campaigns.message.sandbox.numbers import to_float, to_int
from email_campaigns.message.sandbox.operators import compare
from email_campaigns.message.sandbox.values import METHODS, STR_METHODS


class Reached(BaseException):
	"""Python's own conversions have reached a value that has no text."""


def reach(*args):
	raise Reached


METHODS_OF_PYTHON = (
	"__str__ __repr__ __format__ __hash__ __mod__ __rmod__ __index__ __int__ __float__ __html__ __call__"
)
PARTS = dict.fromkeys(METHODS_OF_PYTHON.split(), reach)
SPIES = {
	"list": type("ListSpy", (list,), PARTS)([1]),
	"tuple": type("TupleSpy", (tuple,), PARTS)([1]),
	"record": type("RecordSpy", (dict,), PARTS)(a=1),
	"object": type("ObjectSpy", (), PARTS | {"__eq__": reach, "__iter__": reach, "__lt__": reach})(),
}

ARGUMENTS = ["v", "'x'", "1", "none"]
FILTERS = [
	f"{{{{ {value}|{name}{arguments} }}}}"
	for name in sorted(name for name in HTML.filters if " " not in name)
	for value in ("v", "'x'", "1.5", "[v]", "doc.day")
	for arguments in ("", "(v)", "('x', v)", "(1, v)", "('x', 'x', v)", "(attribute=v)", "(method=v)")
]
CALLS = [
	f"{{{{ {value}.{name}({arguments}) }}}}"
	for value, names in (
		("'x'", METHODS[str]),
		("('x'|e)", METHODS[str]),
		("doc.day", METHODS[date]),
		("doc", ["get"]),
	)
	for name in names
	for arguments in ("v", "'x', v", "v, v, v", "'x', 'x', v")
]
OPERATIONS = [
	f"{{{{ {left} {operator} {right} }}}}"
	for operator in ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in"]
	for left, right in [("v", "v"), ("v", "'%s'"), ("'%s'", "v"), ("2", "v"), ("v", "[v]"), ("v", "doc")]
]
TESTS = [f"{{{{ v is {name} }}}}" for name in HTML.tests] + [
	f"{{{{ 4 is {name}(v) }}}}" for name in HTML.tests
]
OTHERS = [
	"{{ v }}",
	"{{ -v }}{{ +v }}",
	"{{ {v: 1} }}",
	"{{ {'x': 1}[v] }}",
	"{{ doc[v] }}",
	"{{ doc.rows[v] }}",
	"{{ 'abc'[v:v] }}",
	"{{ range(v) }}",
	"{{ format_date(v) }}{{ format_number(v) }}",
	"{{ format_date(doc.day, v) }}",
	"{{ format_number(1, 2, v) }}",
	"{{ tracking_url(v) }}",
	"{{ v() }}",
	"{% for x in v %}{{ x }}{% endfor %}",
	"{% for x in [v] %}{{ x }}{{ loop.cycle(v) }}{% endfor %}",
	"{% set x %}{{ v }}{% endset %}{{ x }}",
	"{% filter replace('x', v) %}x{% endfilter %}",
	"{% macro m(a) %}{{ a }}{{ a|join }}{% endmacro %}{{ m(v) }}",
]
# A repr of something of Python, as a mail would show it
REPRS = (
	"<class",
	"<function",
	"<built-in",
	"<bound",
	"object at 0x",
	"Undefined",
	"Permitted",
	"[1",
	"(1,",
	"{'",
)


def rendered(template, value=None):
	values = {"doc": {"v": value, "day": date(1984, 5, 6), "rows": [1]}, "tracking_url": {}.__getitem__}
	try:
		message = compile_message("s", f"<p>x</p>{{% set v = doc.v %}}{template}")
	except TemplateError:
		return []
	return [message.render(values)]


@pytest.mark.parametrize("templates", [FILTERS, CALLS, OPERATIONS, TESTS, OTHERS], ids=len)
def test_python_makes_no_text_and_no_hash_of_a_list_a_record_or_an_object(templates):
	for template in templates:
		message = compile_or_none(f"<p>x</p>{{% set v = doc.v %}}{template}")
		for spy in SPIES.values() if message else ():
			values = {"doc": {"v": spy, "day": date(1984, 5, 6), "rows": [1]}, "tracking_url": {}.__getitem__}
			try:
				message.render(values)
			except RenderError:
				continue
			except Reached:
				pytest.fail(f"{template} reaches {type(spy).__name__}")


def compile_or_none(template):
	try:
		return compile_source(MessageSource("s", template, "x"))
	except TemplateError:
		return None


VALUES = [
	"range",
	"format_date",
	"tracking_url",
	"m",
	"loop",
	"doc.get",
	"'x'.upper",
	"nothing",
	"nothing.at.all",
	"[1, 2]",
	"(1, 2)",
	"{'a': 1}",
	"[[1], [2]]",
	"range(3)",
	"doc",
	"doc.rows",
	"('x' if false)",
]
SHOWN = [
	"{{ VALUE }}",
	"{{ 'x' ~ VALUE }}",
	"{{ 'x'.replace('x', VALUE) }}",
	"{{ 'x'|replace('x', VALUE) }}",
	"{{ VALUE|replace('x', 'y') }}",
	"{{ VALUE|upper }}",
	"{{ VALUE|e }}",
	"{{ VALUE|nl2br }}",
	"{{ VALUE|urlencode }}",
	"{{ VALUE|default('') }}",
	"{{ VALUE|truncate(99) }}",
	"{{ VALUE|trim }}",
	"{{ VALUE|format_date }}",
	"{{ VALUE|list|first }}",
	"{{ [VALUE]|join }}",
	"{{ [VALUE, 'x']|join(VALUE) }}",
	"{{ [VALUE]|first }}",
	"{{ [VALUE]|sort|last }}",
	"{{ 'xy'|truncate(1, true, VALUE) }}",
	"{{ 1234|format_number(2, VALUE) }}",
	"{{ doc.day|format_date(VALUE) }}",
	"{{ {VALUE: 1} }}",
	"{% for x in [VALUE] %}{{ x }}{{ loop.cycle(VALUE) }}{% endfor %}",
	"{% set x = VALUE %}{{ x }}",
	"{% set x %}{{ VALUE }}{% endset %}{{ x }}",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_mail_never_shows_how_python_writes_a_value(value):
	for template in SHOWN:
		source = template.replace("VALUE", value)
		message = compile_or_none(
			f"<p>x</p>{{% macro m() %}}{{% endmacro %}}{{% for i in [1] %}}{source}{{% endfor %}}"
		)
		if message is None:
			continue
		text = what_people_read(message, {"day": date(1984, 5, 6), "rows": [{"a": 1}]})
		assert not [part for part in REPRS if part in text], source


def what_people_read(message, doc):
	try:
		content = message.render({"doc": doc, "tracking_url": {}.__getitem__})
	except RenderError as error:
		return str(error)
	return content.html.partition("<p>x</p>")[2] + "".join(map(str, content.warnings))


def meter():
	return Meter(Limits(), {})


def test_lists_within_a_list_count_each_time_that_they_are_met():
	shared = ["ab"]
	assert weigh(meter(), [shared, shared]) == 2 * ENTRY + 2 * (ENTRY + 2)


def test_a_list_to_compare_has_an_end():
	tree = [1]
	for _level in range(15):
		tree = [tree, tree]
	with pytest.raises(Refused, match=f"more than {MOST_VALUES:,} values"):
		weigh(meter(), tree)
	chain = []
	for _level in range(DEEPEST + 2):
		chain = [chain]
	with pytest.raises(Refused, match=f"more than {DEEPEST} levels"):
		weigh(meter(), chain)


@example("@given(st.text())\"'<>")
@given(st.text())
def test_no_text_takes_more_than_it_counts_for(text):
	widest = max(map(ord, text), default=0)
	assert size(text) >= len(text) * (1 if widest < 128 else 4)
	assert escaped_size(text) >= len(str(HTML.filters["e"].__wrapped__(meter(), text)))
	assert len(text.upper()) <= 3 * size(text)


def test_a_search_that_goes_over_the_text_again_and_again_counts_for_more():
	assert search_size("a" * 2400, "a" * 1200) > 100 * 2400
	assert search_size("a" * 9000, "b") < 12_000
	assert search_size("a" * 100_000, "b" * 50_000) == 150_000


@pytest.mark.parametrize("value", [[1], (1,), {}, GLOBALS["range"], "x" * (LONGEST_KEY + 1)])
def test_what_has_no_short_text_is_no_key(value):
	with pytest.raises(Refused):
		key(value)


def test_the_whole_part_of_a_huge_number_is_the_default():
	for huge, default in product([Decimal("1e999999"), float("inf"), float("nan"), "1e999999"], [7, 7.5]):
		assert to_int(huge, default) == 7
	assert to_int("x", Decimal("1e999999")) == 0
	assert to_float(10**400, 1) == 1.0


@pytest.mark.parametrize(
	("template", "sentence"),
	[
		("{{ 'x'.replace('x', range) }}", "a function has no text"),
		("{{ doc.rows|sum(start=[1]) }}", "a list has no text"),
		("{{ 2.5|round(method='up') }}", "only common, ceil, floor can stand here"),
		("{{ 'x'|truncate('1') }}", "a whole number is needed, not a text"),
		("{{ 'x'|truncate(2 ** 70) }}", "the number is too large"),
		("{{ 'x'|upper(1) }}", "arguments that it does not take"),
		("{{ 'x'|trim(characters='x') }}", "arguments that it does not take"),
		("{{ '%99d' is odd }}", "a number is needed, not a text"),
		("{{ [1, 'x']|sort }}", "numbers and texts cannot be sorted together"),
		("{{ 'x' in 5 }}", "a text cannot be looked for in a number"),
		("{{ -doc.day }}", "- cannot be used with a date or a time"),
		("{{ {[1]: 1}|length }}", "a list cannot be a key"),
		("{{ 1234|format_number(2, 'x' ~ 'yyyyyyyyyyyy') }}", "at most 10 characters"),
		("{{ (-8) ** 0.5 }}", r"\*\* gives no number here"),
		("{{ ('1e99'|abs) ** 99999 }}", "the number is too large"),
	],
)
def test_what_an_operation_cannot_use_is_named(template, sentence):
	with pytest.raises(RenderError, match=sentence):
		rendered(template)


@pytest.mark.parametrize(
	("template", "expected"),
	[
		("{{ 'abc'.startswith(('x', 'ab')) }}{{ 'abc'.endswith('b', 0, 2) }}", "TrueTrue"),
		("{{ 'a,b,c'.split(',', 1)|last }}{{ 'a  b'.split()|length }}", "b,c2"),
		("{{ 'a'|replace('a', 5) }}{{ 'aaa'.replace('a', 'b', 2) }}", "5bba"),
		("{{ 'ab'.replace(none, 'x') }}{{ 'ab'|replace('a', none) }}", "abb"),
		("{{ ('<'|e).replace('l', '<') }}", "&&lt;t;"),
		(
			"{{ 'b' in ['a', 'b'] }}{{ 'n' in doc }}{{ 5 in range(9) }}{{ 5.0 in range(9) }}",
			"TrueFalseTrueTrue",
		),
		("{{ nothing in ['a'] }}{{ 'a' in nothing }}{{ none in [none] }}", "FalseFalseTrue"),
		("{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}{{ 'a' <= 'b' != 'c' }}", "TrueFalseTrue"),
		("{{ [1, [2]] == [1, [2]] }}{{ [1] < [2] }}{{ {'a': 1} == {'a': 2} }}", "TrueTrueFalse"),
		("{{ nothing == none }}{{ nothing == nothing }}{{ range == range }}", "FalseTrueTrue"),
		("{{ doc.day < doc.day }}{{ 0.1 < '0.1'|abs }}{{ true + 1 }}", "FalseFalse2"),
		("{{ {1: 'a', 'b' ~ 'c': 'd', nothing: 'e'}['bc'] }}", "d"),
		("{{ 7.5 is divisibleby 2.5 }}{{ 2 is even }}{{ 'x' is iterable }}", "TrueTrueTrue"),
		("{{ nothing is iterable }}{{ 5 is sequence }}{{ true is integer }}", "TrueFalseFalse"),
		(
			"{{ '1.5'|round(1, 'floor') }}{{ -(1.5) }}{{ 1234.5|format_number(1, '’', ',') }}",
			"1.5-1.51’234,5",
		),
		("{{ 'x\\ny'|e|nl2br }}{{ '<\\r\\n\\n'|nl2br }}", "x<br>y&lt;<br>"),
		("{{ ['b', 'A', none]|sort(true)|join }}{{ ['x'|e, '<']|join('&') }}", "bAx&amp;&lt;"),
		("{{ 'äöü'[1:] }}{{ [1, 2, 3][::-1]|join }}{{ range(9)[2:4]|join }}", "öü32123"),
		("{{ doc.day.isoformat() }}{{ 'x'|int(default=3) }}{{ 5|default(1, boolean=true) }}", "1984-05-0635"),
	],
)
def test_what_an_operation_can_use_stays_as_it_was(template, expected):
	(content,) = rendered(f"<i>{template}</i>")
	assert f"<i>{expected}</i>" in content.html


@pytest.mark.parametrize("html", ["<p>x</p>", "<p>z0jx z0j Z0JJJ z1j</p>", "<p>z0j" + "j" * 400_000 + "</p>"])
def test_the_word_that_hides_jinja_is_none_of_the_templates(html):
	assert protect(html + "{{ x }}").mark not in html.lower()


def test_a_number_in_a_template_has_at_most_100_digits():
	assert rendered("{{ " + "9" * 100 + " }}")
	with pytest.raises(TemplateError, match="a number that is too long"):
		compile_message("s", "<p>{{ -" + "9" * 101 + " }}</p>")


def test_a_link_is_named_by_a_text_only():
	message = compile_message(
		"s", "<p>{{ tracking_url(5) }}{{ tracking_url(none) }}{{ tracking_url('a') }}</p>"
	)
	assert message.tracking_links == {"a"}
	assert message.uses_any_link


@pytest.mark.parametrize(
	("function", "arguments", "least"),
	[
		(HTML.filters["urlencode"].__wrapped__, ["é" * 1000], 90_000),
		(HTML.filters["nl2br"].__wrapped__, ["\n" * 1000], 64_000),
		(STR_METHODS["upper"], ["ΐ" * 1000], 16_000),
		(STR_METHODS["replace"], ["a" * 1000, "a", "b" * 1000], 1_000_000),
		(STR_METHODS["replace"], [Markup("a" * 1000), "a", "<" * 1000], 4_000_000),
		(METHODS[date]["strftime"], [date(1984, 5, 6), "%c" * 50], 10_000),
		(compare, ["x", "in", range(10_000)], 640_000),
		(compare, ["x", "in", ["y"] * 10_000], 640_000),
	],
	ids=["urlencode", "nl2br", "upper", "replace", "replace in markup", "strftime", "in range", "in list"],
)
def test_what_grows_is_counted_before_it_is_made(function, arguments, least):
	counted = meter()
	function(counted, *arguments)
	assert counted.chars >= least


def test_a_list_that_is_written_counts():
	with pytest.raises(RenderError, match="handles more than 1,000 characters"):
		compile_message("s", "<p>x{{ [] }}{{ [] }}{{ [] }}</p>", limits=Limits(output=100)).render({})


def test_each_call_counts():
	counted = meter()
	STR_METHODS["upper"](counted, "x")
	assert counted.chars >= CALL
