"""Protection of the Jinja in an HTML template: it is hidden from HTML parsers and put back exactly.

Between tags a piece becomes a comment, which HTML5 parsers leave where it is, also inside a table. Within a
tag, an attribute's value, a comment or a <style> it becomes a word. A condition within a tag is hidden as a
whole, from {% if %} to {% endif %}.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from secrets import token_hex

from jinja2 import Environment

LEXER = Environment(keep_trailing_newline=True)
BEGIN = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}
BEGIN |= {"raw_begin": "raw_end"}
OPENS = re.compile(r"\{%[-+]?\s*(?:(?:for|if|macro|call|filter|with)\b|set\b[^=]*%\})")
CLOSES = re.compile(r"\{%[-+]?\s*end")


class Unprotectable(Exception):
	"""The template's Jinja and its HTML overlap, so that an HTML parser could break it."""


@dataclass
class ProtectedHtml:
	"""A template whose Jinja is hidden.

	`html` has a word in place of each of the `pieces` of Jinja: the `mark`, which occurs nowhere else in it,
	and the piece's number. `flow` are the numbers of the pieces between tags, in order.
	"""

	mark: str
	html: str = ""
	pieces: list[str] = field(default_factory=list)
	flow: list[int] = field(default_factory=list)

	def restore(self, html: str) -> str:
		"""Return the HTML with the pieces in their places, wherever a parser has moved the attributes."""
		hidden = re.compile(rf'<!--{self.mark}(\d+)x-->|{self.mark}(\d+)x(?:="")?')
		return hidden.sub(lambda match: self.pieces[int(match[1] or match[2])], html)

	def show_words(self, html: str) -> str:
		"""Return the HTML with words in place of the comments too, so that they are part of its text."""
		return re.sub(rf"<!--({self.mark}\d+x)-->", r"\1", html)

	def words(self, html: str) -> list[str]:
		"""Return the words that stand for pieces, in order."""
		return re.findall(rf"{self.mark}\d+x", html)

	def hide(self, piece: str) -> str:
		"""Add a piece, and return the word that stands for it."""
		self.pieces.append(piece)
		return f"{self.mark}{len(self.pieces) - 1}x"


def split(source: str) -> Iterator[tuple[str, bool]]:
	"""Yield (text, whether it is Jinja) in order; the texts together are the template.

	Raises TemplateSyntaxError, but never for a source that has been parsed.
	"""
	piece = ""
	end: str | None = None
	for _line, kind, value in LEXER.lex(source):
		piece += value
		if end is None and kind in BEGIN:
			end = BEGIN[kind]
		elif end is None or kind == end:
			yield piece, end is not None
			piece, end = "", None
	if piece:
		yield piece, False


def protect(source: str) -> ProtectedHtml:
	"""Return the template with its Jinja hidden. Raises Unprotectable."""
	protected, position, parts = ProtectedHtml(_unused_word(source)), HtmlPosition(), [""]
	for text, is_jinja in _join_conditions(source, position):
		if not is_jinja:
			parts.append(text)
			continue
		if parts[-1].endswith(("<", "</")):
			raise Unprotectable
		in_flow = position.state == "text"
		word = protected.hide(text)
		if in_flow:
			protected.flow.append(len(protected.pieces) - 1)
		parts.append(f"<!--{word}-->" if in_flow else word)
	if position.state != "text":
		raise Unprotectable
	protected.html = "".join(parts)
	return protected


def _unused_word(source: str) -> str:
	word, source = "zj", source.lower()
	while word in source:
		word = f"zj{token_hex(8)}j"
	return word


def _join_conditions(source: str, position: "HtmlPosition") -> Iterator[tuple[str, bool]]:
	"""Yield the pieces, a condition within a tag as one piece; `position` is then where that piece stands."""
	depth, pending = 0, ""
	for text, is_jinja in split(source):
		if is_jinja and position.state in ("tag", "value"):
			depth += bool(OPENS.match(text)) - bool(CLOSES.match(text))
		elif depth and ("<" in text or ">" in text):
			raise Unprotectable
		pending += text
		if depth > 0:
			continue
		is_jinja = is_jinja or pending != text
		if not is_jinja:
			position.feed(pending)
		yield pending, is_jinja
		pending = ""
	if pending:
		raise Unprotectable


class HtmlPosition:
	"""A position in HTML, moved on by feed().

	`state` is "text", "tag", "value" (of an attribute), "comment" or "raw" (style, script, title, textarea).
	"""

	NAME = re.compile(r"/?[a-zA-Z0-9:]*")
	RAW = ("style", "script", "title", "textarea")
	NEXT = {
		"text": re.compile(r"<!--|<(?=[a-zA-Z/!])"),
		"tag": re.compile(r"[\"'>]"),
		"comment": re.compile(r"-->"),
	}

	def __init__(self) -> None:
		self.state = "text"
		self.quote = self.name = ""

	def feed(self, html: str) -> None:
		"""Move on to the end of this HTML."""
		start = 0
		while match := self._pattern().search(html, start):
			getattr(self, f"_{self.state}")(html, match)
			start = match.end()

	def _pattern(self) -> re.Pattern[str]:
		if self.state == "value":
			return re.compile(self.quote)
		if self.state == "raw":
			return re.compile(rf"<(?=/{self.name}\b)", re.IGNORECASE)
		return self.NEXT[self.state]

	def _text(self, html: str, match: re.Match[str]) -> None:
		if match[0] == "<!--":
			self.state = "comment"
		else:
			self.state = "tag"
			name = self.NAME.match(html, match.end())
			self.name = name[0].lower() if name else ""

	def _tag(self, html: str, match: re.Match[str]) -> None:
		if match[0] == ">":
			self.state = "raw" if self.name in self.RAW else "text"
		else:
			self.state, self.quote = "value", match[0]

	def _value(self, html: str, match: re.Match[str]) -> None:
		self.state = "tag"

	def _comment(self, html: str, match: re.Match[str]) -> None:
		self.state = "text"

	def _raw(self, html: str, match: re.Match[str]) -> None:
		self.state, self.name = "tag", "/" + self.name
