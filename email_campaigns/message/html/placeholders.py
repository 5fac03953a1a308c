"""Translation of what users and editors write into plain Jinja; every line keeps its number.

EspoCRM's placeholders (https://docs.espocrm.com/user-guide/mass-email/, and tracking URLs of campaigns):

{optOutUrl}       the address of the unsubscribe page
{optOutLink}      a link to it, with a translated text
{trackingUrl:id}  the address of a tracking link

Editors percent-encode braces in links (%7BoptOutUrl%7D, {{%20unsubscribe_url%20}}), put a scheme or a whole
address in front of them (https://{{ unsubscribe_url }}) and write Jinja's signs as HTML (doc.age &gt; 3,
&nbsp;).
"""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from jinja2 import Environment, TemplateSyntaxError

from email_campaigns.message.html.tokens import COVER_VALUE, Html

BEGIN = re.compile(
	r"(?P<begin>\{[{%#]|%7B(?:%7B|%25))"
	r"|(?:\{|%7B)(?:(?P<name>optOutUrl|optOutLink)|trackingUrl(?::|%3A)(?P<link>[^{}\"<>\n]{1,500}?))(?:\}|%7D)",
	re.IGNORECASE,
)
END = {
	begin: re.compile(end, re.IGNORECASE)
	for begin, end in {
		"{{": r"\}\}",
		"{%": r"%\}",
		"{#": r"#\}",
		"%7b%7b": "%7D%7D",
		"%7b%25": "%25%7D",
	}.items()
}
DOUBLED = re.compile(r"\{\{\s*(optOutUrl|optOutLink)\s*\}\}")
PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
NEEDLESS_SCHEME = re.compile(
	r"(=\s*[\"']?)https?://(?:www\.)?(?=\{\{-?\s*(?:unsubscribe_url|view_url|tracking_url\b))", re.IGNORECASE
)
# Not one with a query: a page that leads on to an address gets it there, encoded (links/query_values.py)
NEEDLESS_ADDRESS = re.compile(
	r"(\bhref\s*=\s*[\"']?)([^\s\"'<>{}?#]+)(?=\{\{-?\s*unsubscribe_url\s*-?\}\})", re.IGNORECASE
)
HARMLESS = re.compile(r"https?://", re.IGNORECASE)
SYNTAX = Environment()
# In style sheets and scripts, a brace before a name is theirs: @media screen{#outlook a{padding:0}}
BRACE, CSS_BRACE = "{#", "{% raw %}{#{% endraw %}"
CSS_NAME = re.compile(r"\{#(?=-?[a-zA-Z_\\\x80-\U0010ffff])")


def to_jinja(source: str, *, unsubscribe_text: str = "Unsubscribe", html: bool = True) -> str:
	"""Return the source with placeholders as Jinja expressions.

	Never raises; what it does not know stays as it is.
	In a subject or text part (`html` False) {optOutLink} is the bare address, and HTML signs stay as they
	are.
	"""
	source = _translate(source, literal(unsubscribe_text), html=html)
	return NEEDLESS_SCHEME.sub(r"\1", NEEDLESS_ADDRESS.sub(r"\1", source))


def _translate(source: str, unsubscribe: str, *, html: bool) -> str:
	link = f'<a href="{{{{ unsubscribe_url }}}}">{unsubscribe}</a>'
	known = {"optouturl": "{{ unsubscribe_url }}", "optoutlink": link if html else "{{ unsubscribe_url }}"}
	# People who know both languages write `{{optOutUrl}}`
	source = DOUBLED.sub(r"{\1}", source)
	output: list[str] = []
	unclosed: set[str] = set()
	braces = _css_braces(source) if html else frozenset()
	position = 0
	while begin := BEGIN.search(source, position):
		output.append(source[position : begin.start()])
		position = begin.end()
		if begin.start() in braces:
			output.append(CSS_BRACE)
		elif begin["begin"]:
			position = _find_end(source, begin, unclosed)
			output.append(_clean_jinja(source[begin.start() : position], html))
		elif begin["name"]:
			output.append(known[begin["name"].lower()])
		else:
			output.append(f"{{{{ tracking_url({quoted(unescape(unquote(begin['link'])).strip())}) }}}}")
	return "".join((*output, source[position:]))


def addresses_before_unsubscribing(html: str) -> Iterator[tuple[int, str]]:
	"""Yield (line, address) of each address that stands before {{ unsubscribe_url }}, which is one itself.

	`html` is what a user wrote. Mails leave them out (to_jinja). A mere https:// is none.
	"""
	source = _translate(html, "", html=True)
	for match in NEEDLESS_ADDRESS.finditer(source):
		if not HARMLESS.fullmatch(match[2]):
			yield source.count("\n", 0, match.start()) + 1, match[2]


def _css_braces(source: str) -> frozenset[int]:
	"""Return where `{#` stands before a name in a style sheet or script, and so is no comment of Jinja."""
	if not CSS_NAME.search(source):
		return frozenset()
	return frozenset(
		brace.start()
		for _tag, start, end in Html(_covered(source)).raw_areas("style", "script")
		for brace in CSS_NAME.finditer(source, start, end)
	)


def _covered(source: str) -> str:
	"""Return the source with what is surely Jinja covered by as many characters."""
	output: list[str] = []
	unclosed: set[str] = set()
	position = 0
	while begin := BEGIN.search(source, position):
		is_jinja = begin["begin"] and not CSS_NAME.match(source, begin.start())
		end = _find_end(source, begin, unclosed) if is_jinja else begin.end()
		cover = COVER_VALUE * (end - begin.start()) if is_jinja else begin[0]
		output += [source[position : begin.start()], cover]
		position = end
	return "".join((*output, source[position:]))


def _find_end(source: str, begin: re.Match[str], unclosed: set[str]) -> int:
	"""Return where the piece of Jinja ends that begins here; `unclosed` are signs that no end follows."""
	sign = begin["begin"].lower()
	end = None if sign in unclosed else END[sign].search(source, begin.end())
	if end is None:
		unclosed.add(sign)
		return begin.end()
	return end.end()


def quoted(text: str) -> str:
	"""Return a string of Jinja that holds this text, whatever is in it."""
	escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
	return f'"{escaped}"'


def literal(text: str) -> str:
	"""Return a Jinja expression that writes this text: escaped in HTML, and never read as Jinja."""
	return f"{{{{ {quoted(text)} }}}}"


def _clean_jinja(piece: str, html: bool) -> str:
	if piece[:1] == "%":
		return unquote(piece)
	if not html:
		return piece
	if "&" in piece or "\xa0" in piece:
		piece = unescape(piece).replace("\xa0", " ")
	# {{ a %20 }} is a remainder, {{%20a%20}} is an editor's space: only the second is no Jinja
	if PERCENT.search(piece) and not re.search(r"\s", piece) and not _is_jinja(piece):
		piece = unquote(piece)
	return piece


def _is_jinja(piece: str) -> bool:
	try:
		SYNTAX.parse(piece)
	except TemplateSyntaxError:
		return False
	return True
