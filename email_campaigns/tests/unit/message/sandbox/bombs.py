"""Template bombs, and the program that sets each off in a process of its own.

`python -m email_campaigns.tests.unit.message.sandbox.bombs [NUMBER …]` writes a line of JSON for each of
BOMBS, or of those: `end` says how it ended, `seconds` and `megabytes` what it took. A bomb that needs more
than SECONDS of processor time is killed.
"""

import json
import os
import resource
import signal
import sys
import time
from datetime import date, datetime, timedelta
from decimal import Decimal

SECONDS, MEGABYTES = 1, 100
DOC = {
	"name": "Ana",
	"age": 41,
	"born": date(1984, 5, 6),
	"seen": datetime(2024, 2, 29, 12, 30),
	"took": timedelta(days=3),
	"price": Decimal("19.90"),
	"rate": 0.5,
	"empty": None,
	"rows": [{"n": number, "t": f"row {number}"} for number in range(50)],
}
VALUES = {
	"doc": DOC,
	"campaign": {"name": "Spring"},
	"mass_email": {},
	"unsubscribe_url": "https://example.com/u",
	"view_url": "https://example.com/v",
	"tracking_url": {"shop": "https://example.com/c"}.__getitem__,
}


def nested(literal, times=24):
	return "{% set a = [1] %}" + f"{{% set a = {literal} %}}" * times


def doubled(step, times=40, first="'ab'"):
	return f"{{% set a = {first} %}}" + f"{{% set a = {step} %}}" * times + "{{ a|length }}"


def looped(body, before="", times=99999):
	return f"{before}{{% for i in range({times}) %}}{body}{{% endfor %}}"


def long(text="x", times=9000):
	return "{% set a %}" + text * times + "{% endset %}"


TREE, TUPLES, RECORDS = nested("[a, a]"), nested("(a, a)"), nested("{'x': a, 'y': a}")
NUMBERS = "{% set a = range(100000) %}"
HUGE = "{% set a = ('1e99'|abs) ** 9999 %}"
TINY = "{% set a = ('1e-99'|abs) ** 9999 %}"
# A list of 2 ** 16 texts, and one of 2 ** 15 lists
MANY = "{% set a = ['ab'] %}" + "{% set a = a + a %}" * 16
PAIRS = "{% set a = [['ab', 'cd']] %}" + "{% set a = a + a %}" * 15
NEEDLE = "{% set n %}" + "a" * 1200 + "b{% endset %}{% set a %}" + "a" * 2400 + "{% endset %}"
SHORT_NEEDLE = "{% set n %}" + "a" * 98 + "b{% endset %}{% set a %}" + "a" * 29000 + "{% endset %}"

# Each nested value, given to whatever reads one
READERS = [
	"{{ 'x'.replace('x', a) }}",
	"{{ 'x'.replace(a, 'x') }}",
	"{{ 'x'|replace('x', a) }}",
	"{{ 'x'|replace(a, 'x') }}",
	"{{ 'x'|truncate(1, true, a) }}",
	"{{ 'xy'|truncate(1, true, a) }}",
	"{{ 'x'|trim(a) }}",
	"{{ 'x'.strip(a) }}",
	"{{ 'x'.split(a) }}",
	"{{ 'x'.startswith(a) }}",
	"{{ 'x'.endswith((a, a)) }}",
	"{{ ['x', 'y']|join(a) }}",
	"{{ doc.rows|join(attribute=a) }}",
	"{{ doc.rows|join(',', a) }}",
	"{{ doc.rows|sort(attribute=a) }}",
	"{{ doc.rows|sum(attribute=a) }}",
	"{{ doc.rows|sum(start=a) }}",
	"{{ 2.5|round(method=a) }}",
	"{{ 2.5|round(a) }}",
	"{{ 'x'|int(a) }}",
	"{{ 'x'|float(a) }}",
	"{{ a|int }}",
	"{{ doc.born.strftime(a) }}",
	"{{ doc.born|format_date(a) }}",
	"{{ format_date(doc.born, a) }}",
	"{{ format_date(a) }}",
	"{{ doc.seen.isoformat(a) }}",
	"{{ doc.age|format_number(2, a) }}",
	"{{ format_number(a) }}",
	"{{ {a: 1} }}",
	"{{ {(a, a): 1}|length }}",
	"{{ doc[a] }}",
	"{{ doc.get(a) }}",
	"{{ a == [a] }}",
	"{{ a != a }}",
	"{{ a < a }}",
	"{{ a in [a] }}",
	"{{ a not in [1, a] }}",
	"{{ a in doc }}",
	"{{ a in 'x' }}",
	"{{ a is odd }}",
	"{{ 6 is divisibleby(a) }}",
	"{{ a|sort }}",
	"{{ a|sum }}",
	"{{ a|join }}",
	"{{ a ~ a }}",
	"{{ a|urlencode }}",
	"{{ a|nl2br }}",
	"{{ a|e }}",
	"{{ a|upper }}",
	"{{ a|format_date }}",
	"{{ a % a }}",
	"{{ '%s' % a }}",
	"{{ a * 3 }}",
	"{{ -a }}",
	"{{ a }}",
	"{{ tracking_url(a) }}",
	"{{ range(a) }}",
	"{{ a[a] }}",
	"{{ a[a:] }}",
	"{% for x in doc.rows %}{{ loop.cycle(a) }}{% endfor %}",
	"{% macro m(x) %}{{ x }}{{ x|join }}{% endmacro %}{{ m(a) }}",
]

OPERATORS = [
	"{{ '%2147483000d' is odd }}",
	"{{ '%2147483000d' is even }}",
	"{{ '%2147483000d' is divisibleby(3) }}",
	"{{ '%*d' % (10**9, 1) }}",
	"{{ '%999999999s' % 'x' }}",
	"{{ '%.999999999f' % 1.5 }}",
	"{{ 'a' * 10**9 }}",
	"{{ 10**9 * 'a' }}",
	"{{ [0] * 10**9 }}",
	"{{ (0,) * 10**9 }}",
	"{{ 10**10**10 }}",
	"{{ 2**2**2**2**2**2 }}",
	"{{ 99999999 ** 99999999 }}",
	"{{ (-2) ** 999999999 }}",
	"{{ 10 ** -(10**10) }}",
	"{{ 7 ** 10**10 % 3 }}",
	"{{ 1e300 ** 1e300 }}",
	"{{ (-8) ** 0.5 }}",
	"{{ ((-8) ** 0.5)|abs }}",
	"{{ 1 << 10**10 }}",
	"{{ doc.price ** 10**9 }}",
	"{{ doc.price ** doc.price ** doc.price ** doc.price }}",
	HUGE + "{{ a|int }}",
	HUGE + "{{ a|int|string }}",
	HUGE + "{{ a|format_number }}",
	HUGE + "{{ a|round }}",
	HUGE + "{{ a // 1 }}",
	HUGE + "{{ a % 7 }}",
	HUGE + "{{ a is odd }}",
	HUGE + "{{ a + 1 }}{{ a * a }}",
	HUGE + "{{ a < 5 }}{{ a == 5 }}{{ a > 0.5 }}",
	HUGE + "{{ {a: 1}|length }}",
	HUGE + "{{ range(a) }}",
	HUGE + "{{ 'x'|truncate(a) }}",
	HUGE + "{{ 'x'|int(a) }}",
	HUGE + looped("{{ a|int }}{{ a|int }}{{ a|int }}"),
	TINY + "{{ a|int }}{{ a|format_number(10) }}{{ a }}",
	TINY + looped("{{ a + 1 }}{{ a|round }}"),
	"{{ '1e999999999'|int }}{{ '1e-999999999'|float }}",
	"{{ " + "9" * 4000 + " * " + "9" * 4000 + " }}",
	looped("{{ " + "9" * 4000 + " }}"),
	looped("{% if doc.price < " + "9" * 4000 + " %}{% endif %}"),
	looped("{{ doc.price ** doc.rate }}{{ doc.price ** 99.5 }}"),
	looped("{{ doc.price / 7 }}{{ doc.price % 7 }}{{ doc.price // 7 }}"),
	looped("{{ 2 ** 200 % 12345 // 7 * 3 }}"),
	looped("{{ doc.born + doc.took }}{{ doc.seen - doc.seen }}"),
	"{{ doc.born + doc.took * 10**9 }}",
	"{{ doc.took * 10**9 }}{{ doc.took / 0 }}",
	"{{ -doc.born }}{{ +doc.name }}{{ -[1] }}",
	looped("{{ -i }}{{ - - - - - - - -i }}"),
]

TEXTS = [
	doubled("a ~ a"),
	doubled("a + a"),
	doubled("a ~ a", first="'😀<'"),
	doubled("a + a", first="'😀'"),
	doubled("a|e + '<'"),
	doubled("(a|e) + (a ~ '<')", first="'<'"),
	doubled("a ~ a ~ ('<'|e)", first="'<'"),
	doubled("a|replace('', a)"),
	doubled("a.replace('', a)"),
	doubled("(a|e).replace('', a)", first="'<'"),
	doubled("a|replace('a', '<' ~ a)"),
	doubled("[a, a]|join(a)"),
	doubled("[a, a|e]|join('<')", first="'<'"),
	doubled("a|urlencode", first="'😀'"),
	doubled("a|urlencode|urlencode ~ a"),
	doubled("(a ~ a)|upper", first="'ΐ'"),
	doubled("(a ~ a)|title", first="'ﬃ ΐ'"),
	doubled("(a ~ a)|capitalize", first="'ΐ'"),
	doubled("(a ~ a)|lower", first="'İ'"),
	doubled("(a ~ a).upper()", first="'ΐ'"),
	doubled("(a ~ a)|nl2br", first="'\\n'"),
	doubled("a ~ a|nl2br", first="'\\r\\n<'"),
	doubled("a|truncate(9, true, a ~ a)"),
	doubled("(a ~ a)|truncate(10**9)"),
	doubled("a|format_number(2, a, a)", first="'1'"),
	doubled("123456789012|format_number(2, a, a)", first="',,'"),
	doubled("doc.seen.strftime(a ~ a)", first="'%c'"),
	doubled("doc.seen.isoformat(a)", first="'a'"),
	doubled("(a ~ a)[:]"),
	doubled("(a ~ a)[::-1]", first="'😀'"),
	doubled("a.split('a')|join(a ~ a)"),
	"{% set a = '\\n' %}" + "{% set a = a ~ a %}" * 21 + "{{ a|nl2br }}",
	"{% set a = '😀' %}" + "{% set a = a ~ a %}" * 19 + "{{ a|urlencode }}",
	"{% set a = '😀' %}" + "{% set a = a + a %}" * 21 + "{{ a }}{{ a|upper }}{{ a|title }}",
	"{% set a = ' ' %}" + "{% set a = a + a %}" * 21 + looped("{{ a|int }}{{ a|float }}{{ a|abs }}"),
	"{% set a = ' ' %}"
	+ "{% set a = a + a %}" * 21
	+ looped("{{ a|trim }}{{ a.strip() }}{{ a|format_date }}"),
	"{% set a = '\\U0001f600' %}" + "{% set a = a + a %}" * 21 + "{{ a|format_date }}",
	"{% set a = '\"' %}" + "{% set a = a + a %}" * 22 + "{{ a ~ '😀' }}",
	"{% set a = '\"' %}"
	+ "{% set a = a + a %}" * 22
	+ "{% set b %}{{ a }}😀{{ a }}{% endset %}{{ b|length }}",
	"{% set a = 'x' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40,
	"{% set a = '<' %}" + "{% set a %}{{ a }}{{ a|e|replace('&', '&&') }}{% endset %}" * 40,
	"{% filter upper %}" * 15 + "ß" * 9000 + "{% endfilter %}" * 15,
	"{% filter replace('a', 'aaaaaaaaaa') %}" * 9 + "a" * 9 + "{% endfilter %}" * 9,
	"{% filter urlencode %}" * 9 + "😀" * 99 + "{% endfilter %}" * 9,
	NEEDLE + looped("{{ n in a }}"),
	NEEDLE + looped("{{ a|replace(n, '') }}"),
	NEEDLE + looped("{{ a.split(n)|length }}"),
	SHORT_NEEDLE + looped("{{ n in a }}"),
	SHORT_NEEDLE + looped("{{ a.replace(n, '') }}"),
	long() + looped("{{ a == a ~ '' }}"),
	long() + looped("{% if a[1:] %}{% endif %}"),
	long() + looped("{% if a|upper %}{% endif %}"),
	long("é") + looped("{% if a|title %}{% endif %}"),
	long("<") + looped("{% if a|e %}{% endif %}"),
	long("a b ") + looped("{% if a.split() %}{% endif %}"),
	long("\n") + looped("{% if a|nl2br %}{% endif %}"),
	long("€") + looped("{% if a|urlencode %}{% endif %}"),
	long() + looped("{% if {a: 1} %}{% endif %}"),
	long() + looped("{% if doc[a] %}{% endif %}{% if doc.get(a) %}{% endif %}"),
	long() + looped("{% if a in doc %}{% endif %}"),
	long() + looped("{% if a in ['x', a] %}{% endif %}"),
	long() + looped("{% if doc[a|e] %}{% endif %}"),
	long() + looped("{% if a.startswith((a, a)) %}{% endif %}"),
	long() + looped("{{ tracking_url(a) }}"),
	looped("{{ doc.seen.strftime('%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c%c') }}"),
	looped("{{ doc.seen|format_date('" + "%x" * 100 + "') }}"),
	"{{ doc.born.strftime('%999999999d') }}",
	"{{ doc.born.strftime('%-999999999d') }}",
	"{{ doc.born|format_date('" + "%" * 100001 + "') }}",
	"{{ 'a'.strip('" + "a" * 101 + "') }}",
]

LISTS = [
	doubled("a + a", first="[1]"),
	doubled("a + [a]", first="[1]", times=300),
	doubled("[a]", times=300),
	"{{ " + "[" * 90 + "]" * 90 + " == " + "[" * 90 + "]" * 90 + " }}",
	doubled("[a]", times=300) + "{{ a == [a] }}",
	MANY + "{{ a|sort|length }}",
	MANY + "{{ a|join|length }}",
	MANY + "{{ a|join('<')|length }}",
	MANY + "{{ a|sum }}",
	MANY + "{{ a == a }}",
	MANY + "{{ a|list|length }}{{ a|first }}{{ a|last }}",
	MANY + looped("{% if 'x' in a %}{% endif %}"),
	MANY + looped("{% if a|first %}{% endif %}"),
	MANY + looped("{% if a[1:] %}{% endif %}"),
	MANY + looped("{% if a|sort %}{% endif %}"),
	MANY + looped("{% if a|join %}{% endif %}"),
	MANY + looped("{% if a == a %}{% endif %}"),
	PAIRS + "{{ [1] in a }}{{ a|join }}",
	PAIRS + looped("{% if ['ab', 'ce'] in a %}{% endif %}"),
	PAIRS + "{% for x, y in a %}{{ x }}{{ y }}{% endfor %}",
	NUMBERS + looped("{% if 'x' in a %}{% endif %}"),
	NUMBERS + looped("{% if 0.5 in a %}{% endif %}"),
	NUMBERS + looped("{% if doc.price in a %}{% endif %}"),
	NUMBERS + looped("{% if none in a %}{% endif %}"),
	NUMBERS + looped("{% if i in a %}{% endif %}"),
	NUMBERS + looped("{% if a|list %}{% endif %}"),
	NUMBERS + looped("{% if a|sum %}{% endif %}"),
	NUMBERS + looped("{% if a|sort(reverse=true) %}{% endif %}"),
	NUMBERS + looped("{% if a[::-1] == a %}{% endif %}"),
	NUMBERS + looped("{% if a|join(',') %}{% endif %}"),
	"{{ range(10**12)|list }}",
	"{{ range(-10**18, 10**18)|length }}",
	"{{ range(0, 10**70) }}",
	"{{ range(2**59, -2**59, -1)|sum }}",
	"{% for x in range(10**12) %}{% endfor %}",
	"{{ 'x'|batch(10**9) }}{{ [1]|slice(10**9) }}",
	"{{ doc.rows|map('upper')|select|reject|groupby('n')|unique|random }}",
	"{{ doc.rows[10**50:]|length }}{{ doc.rows[::10**50]|length }}{{ doc.rows[10**50] }}",
	"{{ doc.rows[1:2:0] }}",
]

LOOPS = [
	looped(looped("")),
	looped("{{ loop.index }}{{ loop.length }}{{ loop.revindex }}{{ loop.last }}{{ loop.nextitem }}"),
	looped("{{ loop.cycle(" + ", ".join("1" * 500) + ") }}"),
	looped("{% if loop.changed(i) %}{% endif %}"),
	looped("{% for x in loop %}{% endfor %}"),
	looped("{% set a, b = loop %}"),
	looped("{{ loop }}{{ loop == loop }}{{ loop in [loop] }}"),
	looped("{{ loop|list }}{{ loop|length }}"),
	looped("{{ '' }}" * 100),
	looped("{{ i }}" * 100),
	looped("{{ doc.name }}" * 50),
	looped("{{ i }}"),
	looped("{{ '' }}{{ '' }}"),
	looped("{{ nothing }}"),
	looped("{{ [] }}"),
	looped("{{ {i: i} }}"),
	looped("{% set x = [] ~ [] %}"),
	looped("{{ range(1) }}"),
	looped("{{ loop.nextitem }}"),
	looped("{% set x = format_number(1) %}", times=90000),
	looped("{{ '1.5'|round(1) }}", times=90000),
	looped("{% set x = doc.name.replace('a', 'b') %}", times=49000),
	looped("{% set x %}{{ i }}{% endset %}", times=90000),
	looped("{% if i == 1 or 1 < i < 3 %}{% endif %}", times=49000),
	looped("{{ doc.nothing.at.all }}" * 20),
	looped("{{ nothing }}" * 100),
	looped("{{ doc.nothing|upper|lower|trim|e }}" * 10),
	looped("{{ doc.age|format_number(2, '.', ',') }}" * 10),
	looped("{{ doc.name|upper|lower|title|capitalize|trim|e|urlencode }}" * 10),
	looped("{{ doc.seen|format_date('%d.%m.%Y') }}" * 10),
	looped("{{ '1.5'|int }}{{ '1.5'|float }}{{ '1.5'|round(1) }}" * 10),
	looped("{{ doc.name.replace('a', 'b') }}{{ doc.name.split('n')[0] }}" * 5),
	looped("{{ i is odd }}{{ i is divisibleby(3) }}{{ i is number }}{{ i is iterable }}" * 10),
	looped("{{ i == 1 and i < 5 or i in [1, 2] and not i }}" * 10),
	looped("{{ 1 < i < 3 < 5 <= 7 > 3 }}" * 10),
	looped("{{ i ~ 'a' ~ i }}{{ i + 1 - 2 * 3 }}" * 10),
	looped("{{ [i, [i], {'a': i}] }}{{ {'a': i}['a'] }}" * 10),
	looped("{{ [1, 2, 3, 4, 5, 6, 7, 8, 9, 10][0] }}" * 20),
	looped("{{ {i: i, i + 1: i}[i] }}" * 10),
	looped("{{ doc.rows[i]['n'] }}{{ doc['name'] }}{{ doc.get('name') }}" * 10),
	looped("{{ tracking_url('shop') }}" * 100),
	looped("{{ range(9)|sum }}" * 20),
	looped("{{ 'a' if i else 'b' }}" * 50),
	looped("{% if i %}{% elif i %}{% else %}{% endif %}" * 50),
	looped("{% set x = i %}" * 100),
	looped("{% set x %}{{ i }}{% endset %}" * 30),
	looped("{% with x = i %}{{ x }}{% endwith %}" * 15),
	looped("{% filter upper %}a{% endfilter %}" * 15),
	looped("{% for j in [1, 2, 3] %}{{ j }}{% endfor %}"),
	looped("{% for j in doc.rows if j.n is odd %}{{ j.t }}{% else %}x{% endfor %}"),
	looped("x" * 9000),
	looped("😀" * 9000),
	"{% set a %}" + looped("x" * 9000) + "{% endset %}",
	"{% set a %}" + looped("😀" * 900) + "{% endset %}{{ a|upper }}",
	"{% set a = namespace(x=[]) %}" + looped("{% set a.x = a.x + a.x %}"),
	"{% for x in doc.rows recursive %}{{ loop(doc.rows) }}{% endfor %}",
	"{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(1) }}",
	"{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}",
	"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
	"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}xx{% endmacro %}{{ m(60) }}",
	"{% macro m(a) %}{{ m([a, a]) }}{% endmacro %}{{ m([1]) }}",
	"{% macro m(a) %}{{ m(a ~ a) }}{% endmacro %}{{ m('ab') }}",
	"{% macro m(a, n) %}{% if n %}{{ m(a + a, n - 1) }}{% else %}{{ a|join }}{% endif %}{% endmacro %}"
	"{{ m(['x'], 60) }}",
	"{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
	+ "{% call m() %}" * 15
	+ "xx"
	+ "{% endcall %}" * 15,
	"{% macro m() %}" + "x" * 9000 + "{% endmacro %}" + looped("{% set b = m() %}"),
	"{% macro m() %}{{ varargs }}{{ kwargs }}{{ m(varargs, kwargs, x=kwargs) }}{% endmacro %}{{ m() }}",
	"{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
	"{% macro m(f) %}{{ f(f) }}{{ f(f) }}{% endmacro %}{{ m(m) }}",
]

# What is read before a template runs
SOURCES = [
	"<p>z" + "j" * 400_000 + "</p>",
]

NOT_THERE = [
	"{{ '{:>999999999}'.format(1) }}",
	"{{ '{a:>999999999}'.format_map({'a': 1}) }}",
	"{{ '%999999999d'|format(1) }}",
	"{{ 'a'|center(10**9) }}",
	"{{ 'a'.center(10**9) }}",
	"{{ 'a'.ljust(10**9) }}",
	"{{ 'a'.zfill(10**9) }}",
	"{{ '\t'.expandtabs(10**9) }}",
	"{{ 'a'|indent(10**9) }}",
	"{{ 'a'|wordwrap(1) }}",
	"{{ 'a'|wordcount }}",
	"{{ 'www.a.example'|urlize(10**9) }}",
	"{{ 10**300|filesizeformat }}",
	"{{ doc|xmlattr }}",
	"{{ doc|tojson(10**9) }}",
	"{{ doc|pprint }}",
	"{{ doc|dictsort }}",
	"{{ doc|items }}",
	"{{ 'a'|attr('upper') }}",
	"{{ '<b>'|striptags }}",
	"{{ '<b>'|forceescape }}",
	"{{ 'a'|string * 9 }}",
	"{{ lipsum(10**6) }}",
	"{{ cycler('a')|length }}",
	"{{ joiner() }}",
	"{{ dict(a=1) }}",
	"{% extends 'a' %}",
	"{% include 'a' %}",
	"{% import 'a' as a %}",
	"{% block a %}{{ self.a() }}{% endblock %}",
	"{% autoescape false %}{% endautoescape %}",
	"{% trans %}a{% endtrans %}",
	"{% do [] %}",
	"{% debug %}",
	"{% while 1 %}{% endwhile %}",
	looped("{% continue %}"),
	"{{ 'a'.join(['b']) }}",
	"{{ 'a'.translate({97: 'b' * 9}) }}",
	"{{ 'a'.casefold() }}",
	"{{ 'a'.encode() }}",
	"{{ doc.born.replace(year=1) }}",
	"{{ doc.seen.timetuple() }}",
	"{{ doc.age.bit_length() }}",
	"{{ doc.price.quantize(1) }}",
]

BOMBS = [
	*SOURCES,
	*(before + reader for before in (TREE, TUPLES, RECORDS) for reader in READERS),
	*OPERATORS,
	*TEXTS,
	*LISTS,
	*LOOPS,
	*NOT_THERE,
]


def address_space(name):
	with open("/proc/self/status") as status:
		return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1024


def set_off(template):
	"""Return how compiling and rendering a template ends: the sentence of an error, or the output."""
	from email_campaigns.message.compile import RenderError, TemplateError, compile_message

	try:
		content = compile_message("Hello", f"<p>x</p>{template}").render(VALUES)
	except (TemplateError, RenderError) as error:
		return f"refused: {error}"
	return f"made: {content.subject}{content.html}{content.text}"[:2000]


def measure(template):
	"""Write what a bomb does as JSON. It ends with this process."""
	before = address_space("VmSize")
	limit = int((before + 3 * MEGABYTES) * 2**20)
	resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
	signal.setitimer(signal.ITIMER_PROF, SECONDS)
	start = time.process_time()
	end = set_off(template)
	used = {"seconds": time.process_time() - start, "megabytes": address_space("VmPeak") - before}
	print(json.dumps({"end": end, **used}), flush=True)


def measure_all(templates):
	set_off("{{ doc.name }}")
	for template in templates:
		sys.stdout.flush()
		child = os.fork()
		if not child:
			measure(template)
			os._exit(0)
		_pid, status = os.waitpid(child, 0)
		if status:
			print(json.dumps({"end": f"killed: {status}", "seconds": SECONDS, "megabytes": 0}))


if __name__ == "__main__":
	measure_all([BOMBS[int(number)] for number in sys.argv[1:]] or BOMBS)
