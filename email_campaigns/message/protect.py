"""Hides the Jinja in an HTML template from HTML parsers and puts it back exactly.

Between tags a piece becomes a comment, which HTML5 parsers leave where it is, also inside a table. Within a tag,
an attribute's value, a comment or a <style> it becomes a word. A condition within a tag is hidden as a whole,
from {% if %} to {% endif %}.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jinja2 import Environment

LEXER = Environment(keep_trailing_newline=True)
BEGIN = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}
BEGIN |= {"raw_begin": "raw_end"}
OPENS = re.compile(r"\{%[-+]?\s*(?:(?:for|if|macro|call|filter|with)\b|set\b[^=]*%\})")
CLOSES = re.compile(r"\{%[-+]?\s*end")


class Unprotectable(Exception):
	"""The template's Jinja and its HTML cut across each other, so an HTML parser could break it."""


@dataclass
class Protected:
	"""`html` without Jinja; `mark` is a word that occurs nowhere else in it; `pieces` are what it stands for.

	`flow` are the numbers of the pieces between tags, in order.
	"""

	mark: str
	html: str = ""
	pieces: list[str] = field(default_factory=list)
	flow: list[int] = field(default_factory=list)

	def restore(self, html: str) -> str:
		"""The pieces back in their places, wherever a parser has moved the attributes."""
		return self.found.sub(lambda match: self.pieces[int(match[1] or match[2])], html)

	@property
	def found(self) -> re.Pattern:
		return re.compile(rf'<!--{self.mark}(\d+)x-->|{self.mark}(\d+)x(?:="")?')

	def words(self, html: str) -> str:
		"""The comments as words too, for what reads text."""
		return re.sub(rf"<!--({self.mark}\d+x)-->", r"\1", html)

	def order(self, html: str) -> list[str]:
		return re.findall(rf"{self.mark}\d+x", html)

	def hide(self, piece: str) -> str:
		self.pieces.append(piece)
		return f"{self.mark}{len(self.pieces) - 1}x"


def split(source: str) -> Iterator[tuple[str, bool]]:
	"""(text, whether it is Jinja) in order; the texts together are the template.

	Raises TemplateSyntaxError, which a source that has been parsed never does.
	"""
	piece, end = "", None
	for _line, kind, value in LEXER.lex(source):
		piece += value
		if end is None and kind in BEGIN:
			end = BEGIN[kind]
		elif end is None or kind == end:
			yield piece, end is not None
			piece, end = "", None
	if piece:
		yield piece, False


def protect(source: str) -> Protected:
	"""Raises Unprotectable."""
	protected, place, parts = Protected(_mark(source)), Place(), [""]
	for text, is_jinja in _joined(source, place):
		if not is_jinja:
			parts.append(text)
			continue
		if parts[-1].endswith(("<", "</")):
			raise Unprotectable
		flows = place.state == "text"
		word = protected.hide(text)
		if flows:
			protected.flow.append(len(protected.pieces) - 1)
		parts.append(f"<!--{word}-->" if flows else word)
	if place.state != "text":
		raise Unprotectable
	protected.html = "".join(parts)
	return protected


def _mark(source: str) -> str:
	mark, source = "zj", source.lower()
	while mark in source:
		mark += "j"
	return mark


def _joined(source: str, place: "Place") -> Iterator[tuple[str, bool]]:
	"""The pieces, conditions within tags as one piece; `place` is where the piece given stands."""
	depth, held = 0, ""
	for text, is_jinja in split(source):
		if is_jinja and place.state in ("tag", "value"):
			depth += bool(OPENS.match(text)) - bool(CLOSES.match(text))
		elif depth and ("<" in text or ">" in text):
			raise Unprotectable
		held += text
		if depth > 0:
			continue
		is_jinja = is_jinja or held != text
		if not is_jinja:
			place.feed(held)
		yield held, is_jinja
		held = ""
	if held:
		raise Unprotectable


class Place:
	"""Where in HTML one is: "text", "tag", "value" (of an attribute), "comment" or "raw" (style, script, title)."""

	NAME = re.compile(r"/?[a-zA-Z0-9:]*")
	RAW = ("style", "script", "title", "textarea")
	NEXT = {
		"text": re.compile(r"<!--|<(?=[a-zA-Z/!])"),
		"tag": re.compile(r"[\"'>]"),
		"comment": re.compile(r"-->"),
	}

	def __init__(self):
		self.state = "text"
		self.quote = self.name = ""

	def feed(self, html: str) -> None:
		at = 0
		while match := self._pattern().search(html, at):
			getattr(self, f"_{self.state}")(html, match)
			at = match.end()

	def _pattern(self) -> re.Pattern:
		if self.state == "value":
			return re.compile(self.quote)
		if self.state == "raw":
			return re.compile(rf"<(?=/{self.name}\b)", re.IGNORECASE)
		return self.NEXT[self.state]

	def _text(self, html: str, match: re.Match) -> None:
		if match[0] == "<!--":
			self.state = "comment"
		else:
			self.state = "tag"
			self.name = self.NAME.match(html, match.end())[0].lower()

	def _tag(self, html: str, match: re.Match) -> None:
		if match[0] == ">":
			self.state = "raw" if self.name in self.RAW else "text"
		else:
			self.state, self.quote = "value", match[0]

	def _value(self, html: str, match: re.Match) -> None:
		self.state = "tag"

	def _comment(self, html: str, match: re.Match) -> None:
		self.state = "text"

	def _raw(self, html: str, match: re.Match) -> None:
		self.state, self.name = "tag", "/" + self.name
