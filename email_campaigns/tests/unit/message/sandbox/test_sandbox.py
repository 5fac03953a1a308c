"""Templates as hostile input: every known way out ends in an error or in nothing, after limited work."""

import sys
from datetime import date

import pytest

from email_campaigns.message.compile import Limits, RenderError, TemplateError, compile_message

DOC = {
	"first_name": "Ana",
	"age": 41,
	"born": date(1984, 5, 6),
	"empty": None,
	"rows": [{"amount": 2}, {"amount": 3.5}],
	"items": "a field",
}
VALUES = {
	"doc": DOC,
	"campaign": {"name": "Spring"},
	"mass_email": {"name": "M1"},
	"unsubscribe_url": "https://example.com/u",
	"view_url": "",
	"tracking_url": {"shop": "https://example.com/c"}.__getitem__,
}

# What must never be seen in an output: a repr of something of Python
TELLTALES = (
	"<class",
	"<function",
	"<built-in",
	"<bound",
	"<module",
	"object at 0x",
	"__",
	"<Template",
	"partial(",
)

ESCAPES = [
	"{{ ''.__class__.__mro__[1].__subclasses__() }}",
	"{{ ''['__class__']['__mro__'] }}",
	"{{ doc.__init__.__globals__ }}",
	"{{ doc['__class__'] }}",
	"{{ doc.get('__class__') }}",
	"{{ doc.get.__self__ }}",
	"{{ doc.get.__func__.__globals__ }}",
	"{{ doc.get.call }}",
	"{{ doc.get.call.func }}",
	"{{ doc.get }}",
	"{{ doc.keys() }}",
	"{{ doc.pop('age') }}",
	"{{ doc.update({'age': 1}) }}",
	"{{ doc.rows.append(1) }}",
	"{{ self }}",
	"{{ self.__init__ }}",
	"{{ self._TemplateReference__context }}",
	"{{ super() }}",
	"{{ cycler.__init__.__globals__.os }}",
	"{{ cycler('a', 'b').next() }}",
	"{{ joiner.__init__ }}",
	"{{ lipsum.__globals__ }}",
	"{{ lipsum() }}",
	"{{ namespace(x=1) }}",
	"{% set ns = namespace(x=1) %}",
	"{{ dict(a=1) }}",
	"{{ frappe.get_doc('User', 'Administrator') }}",
	"{{ config.items() }}",
	"{{ request.application }}",
	"{{ environment.filters }}",
	"{{ context }}",
	"{{ range.__self__ }}",
	"{{ range }}",
	"{{ range.call }}",
	"{{ tracking_url.call }}",
	"{{ tracking_url.__closure__ }}",
	"{{ tracking_url }}",
	"{{ doc|attr('__class__') }}",
	"{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
	"{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
	"{{ doc['_' ~ '_class_' ~ '_'] }}",
	"{{ doc.rows|map(attribute='__class__')|list }}",
	"{{ doc.rows|map('attr', '__class__')|list }}",
	"{{ doc.rows|selectattr('amount')|list }}",
	"{{ doc.rows|groupby('amount') }}",
	"{{ doc.rows|sum(attribute='__class__') }}",
	"{{ doc.rows|join(attribute='__class__') }}",
	"{{ doc.rows|sort(attribute='__class__') }}",
	"{{ doc.rows|tojson }}",
	"{{ doc|pprint }}",
	"{{ doc|xmlattr }}",
	"{{ doc|string }}",
	"{{ '<b>'|safe }}",
	"{{ '{0.__class__}'.format('') }}",
	"{{ '{a.__class__}'.format_map({'a': 1}) }}",
	"{{ '%s'|format(doc) }}",
	"{{ '%s' % doc }}",
	"{{ '%(__class__)s' % doc }}",
	"{% set f = '{0.__class__}'.format %}{{ f('') }}",
	"{{ ''.join(['a']) }}",
	"{{ ''.encode('utf-8') }}",
	"{{ ''.translate({}) }}",
	"{{ ''.maketrans('a', 'b') }}",
	"{{ doc.born.__reduce__() }}",
	"{{ doc.born.replace(year=1) }}",
	"{{ doc.born.today() }}",
	"{{ doc.age.to_bytes(9, 'big') }}",
	"{{ doc.age.real }}",
	"{{ (1).__class__ }}",
	"{{ [].__class__.__base__ }}",
	"{{ {}.__class__ }}",
	"{{ ().__class__.__bases__[0] }}",
	"{{ none.__class__ }}",
	"{{ missing.__class__ }}",
	"{{ missing._undefined_obj }}",
	"{{ missing._fail_with_undefined_error() }}",
	"{% for x in [1] %}{{ loop.__class__ }}{{ loop._iterator }}{{ loop._undefined }}{% endfor %}",
	"{% for x in [1] %}{{ loop.cycle.call }}{{ loop }}{% endfor %}",
	"{% for x in doc.rows recursive %}{{ loop(doc.rows) }}{% endfor %}",
	"{% macro m() %}{{ caller.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
	"{% macro m() %}{{ varargs.__class__ }}{{ kwargs.__class__ }}{% endmacro %}{{ m(1, a=2) }}",
	"{% macro m() %}{% endmacro %}{{ m.__call__ }}{{ m._func }}{{ m._environment }}{{ m.name }}{{ m }}",
	"{% include '/etc/passwd' %}",
	"{% import 'os' as os %}",
	"{% from 'os' import system %}",
	"{% extends 'base.html' %}",
	"{% block a %}{{ super() }}{% endblock %}",
	"{% do doc.clear() %}",
	"{% debug %}",
	"{% autoescape false %}{{ doc.first_name }}{% endautoescape %}",
	"{{ 'x' is sameas(doc) }}",
	"{{ 'upper' is filter }}",
	"{{ doc is callable }}",
	"{{ doc|ec }}",
	"{{ range(*[1, 2]) }}",
	"{{ doc.get(**{'name': 'age'}) }}",
	"{% set doc = {} %}",
	"{% set unsubscribe_url = '' %}",
	"{% for unsubscribe_url in [''] %}{% endfor %}",
	"{% macro tracking_url() %}{% endmacro %}",
	"{% with doc = 1 %}{% endwith %}",
	"{{ tracking_url('unknown') }}",
	"{{ tracking_url(doc) }}",
	"{{ doc() }}",
	"{{ doc.first_name() }}",
	"{{ 'a'() }}",
]

BOMBS = [
	"{{ 'a' * 10**9 }}",
	"{{ 10**9 * 'a' }}",
	"{{ [1] * 10**9 }}",
	"{{ 10**10**10 }}",
	"{{ 10**-(10**10) }}",
	"{{ 99999999 ** 99999999 }}",
	"{{ (10**60) * (10**60) }}",
	"{{ '%9999999d' % 1 }}",
	"{{ '{:9999999}'.format(1) }}",
	"{{ 'a'|center(10**9) }}",
	"{{ 'a'.ljust(10**9) }}",
	"{{ 'a'.zfill(10**9) }}",
	"{{ '\t'.expandtabs(10**9) }}",
	"{{ 'a'|indent(10**9) }}",
	"{{ '1e999999999'|int + 'x' }}",
	"{{ ('9' ~ '9' ~ '9')|float|round(10**9) }}",
	"{{ doc.age|format_number(10**9) }}",
	"{{ doc.born.strftime('%999999999d') }}",
	"{{ doc.born|format_date('%0999999999Y') }}",
	"{{ range(10**12)|list }}",
	"{% for x in range(10**12) %}{% endfor %}",
	"{% for x in range(100000) %}{% for y in range(100000) %}{% endfor %}{% endfor %}",
	"{% for x in range(100000) if x < 0 %}{% endfor %}{% for x in range(100000) if x < 0 %}{% endfor %}",
	"{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(1) }}",
	"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
	"{% set a = 'ab' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
	"{% set a = 'ab' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
	"{% set a = ['ab'] %}" + "{% set a = a + a %}" * 60 + "{{ a|join }}",
	"{% set a = 'aa' %}" + "{% set a = a|replace('a', 'aaaa') %}" * 40 + "{{ a }}",
	"{% set a = 'aa' %}" + "{% set a = a.replace('', a) %}" * 40 + "{{ a }}",
	"{% set a = 'aa' %}" + "{% set a = [a, a]|join(a) %}" * 40 + "{{ a }}",
	"{% set a = 'aa' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60 + "{{ a }}",
	"{% set a = '<<' %}" + "{% set a = a|replace('<', '<<<<')|e %}" * 40 + "{{ a }}",
	"{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a == [a] }}",
	"{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a|sort }}",
	"{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a|sum }}",
	"{% set a %}" + "x" * 9000 + "{% endset %}{% for i in range(99999) %}{% set b = a|upper %}{% endfor %}",
	"{% set a %}"
	+ "x" * 9000
	+ "{% endset %}{% for i in range(99999) %}{% if a[1:] %}{% endif %}{% endfor %}",
	"{% set a %}"
	+ "x" * 9000
	+ "{% endset %}{% for i in range(99999) %}{% if 'y' in a %}{% endif %}{% endfor %}",
	"{% for i in range(99999) %}" + "x" * 9000 + "{% endfor %}",
	"{% set a %}{% for i in range(99999) %}" + "x" * 9000 + "{% endfor %}{% endset %}",
	"{% macro m() %}" + "x" * 9000 + "{% endmacro %}{% for i in range(99999) %}{% set b = m() %}{% endfor %}",
]


def rendered(template, part="html", **limits):
	subject = template if part == "subject" else "Hello"
	body = template if part == "html" else "<p>Body</p>"
	message = compile_message(subject, f"<p>x</p>{body}", limits=Limits(**limits))
	return getattr(message.render(VALUES), part)


@pytest.mark.parametrize("part", ["html", "subject"])
@pytest.mark.parametrize("template", ESCAPES)
def test_no_way_out(template, part):
	try:
		output = rendered(template if part == "html" else f"x{template}", part)
	except (TemplateError, RenderError):
		return
	# The sources of the templates themselves hold none of these once they are rendered
	assert not [telltale for telltale in TELLTALES if telltale in output.replace(template, "")]


@pytest.mark.parametrize("template", BOMBS)
def test_a_bomb_ends_in_a_sentence(template):
	with pytest.raises((TemplateError, RenderError)) as caught:
		rendered(template)
	assert str(caught.value).strip()


def test_ticks_are_counted_and_stop_at_the_same_pass_always():
	template = "{% for i in range(N) %}{% endfor %}"
	rendered(template.replace("N", "50"), ticks=50)
	with pytest.raises(RenderError, match="more than 50 steps"):
		rendered(template.replace("N", "51"), ticks=50)


def test_ticks_of_inner_loops_and_macros_add_up():
	nested = "{% for i in range(5) %}{% for j in range(9) %}{% endfor %}{% endfor %}"
	rendered(nested, ticks=50)
	with pytest.raises(RenderError):
		rendered(nested, ticks=49)
	called = "{% macro m() %}{% endmacro %}{% for i in range(5) %}{{ m() }}{% endfor %}"
	rendered(called, ticks=30)
	with pytest.raises(RenderError):
		rendered(called, ticks=29)


def test_a_long_loop_body_costs_more_ticks():
	body = "{{ doc.age }}" * 200
	with pytest.raises(RenderError):
		rendered(f"{{% for i in range(10) %}}{body}{{% endfor %}}", ticks=20)


def test_filtered_loops_count_the_entries_that_they_leave_out():
	with pytest.raises(RenderError, match="steps"):
		rendered("{% for i in range(90) if false %}{% endfor %}", ticks=80)


def test_output_is_stopped_while_it_is_made():
	with pytest.raises(RenderError, match="longer than 500 characters"):
		rendered("{% for i in range(100) %}0123456789{% endfor %}", output=500)


def test_text_handled_without_being_put_out_is_counted_too():
	with pytest.raises(RenderError, match="handles more than"):
		rendered("{% set a %}{% for i in range(999) %}0123456789{% endfor %}{% endset %}", output=900)


def test_the_source_has_a_limit():
	with pytest.raises(TemplateError, match="longer than 100"):
		rendered("x" * 101, source=100)


@pytest.mark.parametrize(
	"template",
	["{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", "{% if 1 %}" * 300 + "{% endif %}" * 300],
)
def test_deep_nesting_is_a_template_error(template):
	with pytest.raises(TemplateError, match="nested"):
		rendered(template)


def test_a_number_of_many_digits_is_a_template_error():
	with pytest.raises((TemplateError, RenderError)):
		rendered("{{ " + "9" * 100_000 + " }}")


def test_fields_win_over_methods_of_dict():
	assert "a field" in rendered("{{ doc.items }}")


def test_a_recipients_data_is_never_markup_and_never_a_template():
	message = compile_message("{{ doc.x }}", "<p title='{{ doc.x }}'>{{ doc.x }}</p>")
	content = message.render({"doc": {"x": "<b>'\"{{ 7*7 }}{% x %}"}})
	assert content.subject == content.text.strip() == "<b>'\"{{ 7*7 }}{% x %}"
	assert "<b>" not in content.html
	assert content.html.count("{{ 7*7 }}") == 2


def test_two_renderings_share_nothing():
	message = compile_message("s", "<p>{% set x = doc.a %}{{ x }}</p>", limits=Limits(output=400))
	for number in range(300):
		assert str(number) in message.render({"doc": {"a": number}}).html


def test_strip_looks_for_few_characters():
	with pytest.raises(RenderError, match="at most 100 characters"):
		rendered("{{ 'x'.strip('" + "a" * 101 + "') }}")


UNENDING = [
	"{{",
	"{%",
	"{# ",
	"%7B%7B",
	"{trackingUrl:",
	"%7BtrackingUrl:",
	"= ",
	"\n ",
	"&",
	"zj0x ",
	"<p>{{ 1 }}",
]
UNENDING += [
	"<style>",
	"<style",
	"<tbody",
	"<link ",
	"<!--",
	"<",
	"</",
	"</p",
	"<a ",
	"<a b='",
	"<div>",
	"<b><p>",
]
UNENDING += ["<table><td>", "<title>", "<svg><li>", "<!-->", "- ", "1. ", "<pre>", "<a href=x>"]


@pytest.mark.parametrize("end", ["", "'>-->"])
@pytest.mark.parametrize("piece", UNENDING)
def test_the_work_of_compiling_grows_with_the_size_of_the_template(piece, end):
	"""Ten times the template takes about ten times the calls; a hundred times could stop a worker."""
	small, large = (calls(f"<style>p{{}}</style><p>x</p>{piece * count}{end}") for count in (20, 200))
	assert large < 25 * small


@pytest.mark.parametrize("piece", UNENDING)
def test_large_templates_neither_stop_nor_end_the_process(piece):
	compile_or_refuse("<style>p{}</style><p>x</p>" + piece * (60_000 // len(piece)))
	compile_or_refuse("<style>p{}</style><p>x</p>" + piece * (2_900 // max(1, piece.count("<"))))


def test_formatting_that_would_multiply_is_refused():
	many = "".join(f"<b x{number}>" for number in range(101))
	with pytest.raises(TemplateError, match="bold, italic and fonts"):
		compile_message("s", f"<p>{many}</p>" + "<p>a</p>" * 100)
	with pytest.raises(TemplateError, match="more than 3,000 HTML tags"):
		compile_message("s", "<p>a</p>" * 3001)


def calls(template):
	count = 0

	def profile(frame, event, argument):
		nonlocal count
		count += 1

	sys.setprofile(profile)
	try:
		compile_or_refuse(template)
	finally:
		sys.setprofile(None)
	return count


def compile_or_refuse(template):
	try:
		return compile_message("s", template)
	except TemplateError as error:
		return error
