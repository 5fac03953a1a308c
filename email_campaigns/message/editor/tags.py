"""The tags of an HTML document with their places, as browsers tokenize them. Pure.

https://html.spec.whatwg.org/multipage/parsing.html#tokenization: the tag and attribute states, raw text and
comments. Outlook's conditional comments (<!--[if mso]>) are read as what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Edit = tuple[int, int, str]  # from, to, and what stands there instead

SPACE = r"\t\n\f\r "
BEGIN = re.compile(r"<(?:(?P<comment>!--)|(?P<closing>/?)(?P<name>[a-zA-Z][^\t\n\f\r />]*))")
END = re.compile(rf"[{SPACE}/]*>")
NAME = re.compile(rf"[{SPACE}/]*([^{SPACE}/>][^{SPACE}/>=]*)")
EQUALS = re.compile(rf"[{SPACE}]*=[{SPACE}]*")
UNQUOTED = re.compile(rf"[^{SPACE}>]*")
COMMENT_END = re.compile(r"--!?>")
RAW = {
	name: re.compile(rf"</{name}(?=[{SPACE}/>])", re.IGNORECASE)
	for name in ("style", "script", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}


class Attribute(NamedTuple):
	"""An attribute: its name in lower case, and the place of its value, without quotation marks."""

	name: str
	start: int
	end: int


class Token(NamedTuple):
	"""A tag with its place, or a comment (its name is "!") or the text of a style sheet ("css")."""

	name: str
	start: int
	end: int
	closing: bool = False
	attributes: tuple[Attribute, ...] = ()

	def attribute(self, name: str) -> Attribute | None:
		"""Return the attribute of a name; of two, the first counts."""
		return next((attribute for attribute in self.attributes if attribute.name == name), None)

	def value(self, html: str, name: str) -> str:
		"""Return what stands in an attribute, "" where the tag has none."""
		attribute = self.attribute(name)
		return html[attribute.start : attribute.end] if attribute else ""


def read_tokens(html: str) -> Iterator[Token]:
	"""Yield tags, comments and style sheets, in order. What is never closed ends the reading."""
	position = 0
	while begin := BEGIN.search(html, position):
		token = _comment(html, begin) if begin["comment"] else _tag(html, begin)
		if token is None:
			return
		yield token
		position = token.end
		raw = None if token.closing else RAW.get(token.name)
		if raw:
			close = raw.search(html, position)
			if close is None:
				return
			if token.name == "style":
				yield Token("css", position, close.start())
			position = close.start()


def edited(html: str, edits: Iterable[Edit]) -> str:
	"""Return the document with the edits, which do not overlap; all else stays as it is."""
	output, position = [], 0
	for start, end, text in sorted(edits, key=lambda edit: edit[:2]):
		output += [html[position:start], text]
		position = end
	return "".join((*output, html[position:]))


def _comment(html: str, begin: re.Match[str]) -> Token | None:
	start, position = begin.span()
	if html.startswith("[if", position):
		return Token("!", start, position)
	for whole in (">", "->"):
		if html.startswith(whole, position):
			return Token("!", start, position + len(whole))
	end = COMMENT_END.search(html, position)
	return Token("!", start, end.end()) if end else None


def _tag(html: str, begin: re.Match[str]) -> Token | None:
	position = begin.end()
	attributes: list[Attribute] = []
	while not (end := END.match(html, position)):
		name = NAME.match(html, position)
		if name is None:
			return None
		value = _value(html, name.end())
		if value is None:
			return None
		start, stop, position = value
		attributes.append(Attribute(name[1].lower(), start, stop))
	return Token(begin["name"].lower(), begin.start(), end.end(), bool(begin["closing"]), tuple(attributes))


def _value(html: str, position: int) -> tuple[int, int, int] | None:
	"""Return where the value of an attribute is, and where it ends; None where it never does."""
	equals = EQUALS.match(html, position)
	if equals is None:
		return position, position, position
	start = equals.end()
	quote = html[start : start + 1]
	if quote not in ('"', "'"):
		end = UNQUOTED.match(html, start).end()  # type: ignore[union-attr]  # it matches nothing, too
		return start, end, end
	end = html.find(quote, start + 1)
	return None if end < 0 else (start + 1, end, end + 1)
