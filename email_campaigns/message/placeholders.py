"""Turns what users and editors write into plain Jinja, line by line the same.

EspoCRM's placeholders (https://docs.espocrm.com/user-guide/mass-email/, and tracking URLs of campaigns):

{optOutUrl}       the address of the unsubscribe page
{optOutLink}      a link to it, with a translated text
{trackingUrl:id}  the address of a tracking link

Editors percent-encode braces in links (%7BoptOutUrl%7D, {{%20unsubscribe_url%20}}), put a scheme in front of
them (https://{{ unsubscribe_url }}) and write Jinja's signs as HTML (doc.age &gt; 3, &nbsp;).
"""

import re
from html import unescape
from urllib.parse import unquote

from jinja2 import Environment, TemplateSyntaxError

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
NEEDLESS_SCHEME = re.compile(r"(=\s*[\"']?)https?://(?=\{\{-?\s*(?:unsubscribe_url|view_url|tracking_url\b))")
SYNTAX = Environment()


def to_jinja(source: str, *, unsubscribe_text: str = "Unsubscribe", html: bool = True) -> str:
	"""The source with placeholders as Jinja expressions. Never raises; what it does not know stays as it is.

	In a subject or text part (`html` False) {optOutLink} is the bare address, and HTML signs stay as they are.
	"""
	link = f'<a href="{{{{ unsubscribe_url }}}}">{literal(unsubscribe_text)}</a>'
	known = {"optouturl": "{{ unsubscribe_url }}", "optoutlink": link if html else "{{ unsubscribe_url }}"}
	# `{{optOutUrl}}` is how those who know both languages write it
	source = DOUBLED.sub(r"{\1}", source)
	written, at, unclosed = [], 0, set()
	while found := BEGIN.search(source, at):
		written.append(source[at : found.start()])
		at = found.end()
		if found["begin"]:
			at = _end(source, found, unclosed)
			written.append(_jinja(source[found.start() : at], html))
		elif found["name"]:
			written.append(known[found["name"].lower()])
		else:
			written.append(f"{{{{ tracking_url({quoted(unescape(unquote(found['link'])).strip())}) }}}}")
	return NEEDLESS_SCHEME.sub(r"\1", "".join((*written, source[at:])))


def _end(source: str, found: re.Match, unclosed: set[str]) -> int:
	"""Where the piece of Jinja ends that begins here; `unclosed` are those that have no end any more."""
	begin = found["begin"].lower()
	end = None if begin in unclosed else END[begin].search(source, found.end())
	if end is None:
		unclosed.add(begin)
		return found.end()
	return end.end()


def quoted(text: str) -> str:
	"""A string of Jinja that holds this text, whatever is in it."""
	escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
	return f'"{escaped}"'


def literal(text: str) -> str:
	"""A Jinja expression that writes this text: escaped in HTML, and never read as Jinja."""
	return f"{{{{ {quoted(text)} }}}}"


def _jinja(piece: str, html: bool) -> str:
	if piece[:1] == "%":
		return unquote(piece)
	if not html:
		return piece
	if "&" in piece or "\xa0" in piece:
		piece = unescape(piece).replace("\xa0", " ")
	# {{ a %20 }} is a remainder, {{%20a%20}} is an editor's space: only the latter is no Jinja
	if PERCENT.search(piece) and not re.search(r"\s", piece) and not _is_jinja(piece):
		piece = unquote(piece)
	return piece


def _is_jinja(piece: str) -> bool:
	try:
		SYNTAX.parse(piece)
	except TemplateSyntaxError:
		return False
	return True
