"""Protection of the Jinja in an HTML template: it is hidden from HTML parsers and put back exactly.

Between tags a piece becomes a comment, which HTML5 parsers leave where it is, also inside a table. Within a
tag, an attribute's value, a comment or a <style> it becomes a word. A condition within a tag is hidden as a
whole, from {% if %} to {% endif %}.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from email_campaigns.message.html.pieces import Piece
from email_campaigns.message.html.placeholders import BRACE, CSS_BRACE
from email_campaigns.message.html.tokens import TAG, TEXT, VALUE, Html, read_html

WORD = re.compile(r"z[0-9]+j")
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
		restored = html.replace(BRACE, CSS_BRACE)
		return hidden.sub(lambda match: self.pieces[int(match[1] or match[2])], restored)

	def show_words(self, html: str) -> str:
		"""Return the HTML with words in place of the comments too, so that they are part of its text."""
		return re.sub(rf"<!--({self.mark}\d+x)-->", r"\1", html)

	def words(self, html: str) -> list[str]:
		"""Return the words that stand for pieces, in order."""
		return re.findall(rf"{self.mark}\d+x", html)

	def numbers(self, html: str) -> list[int]:
		"""Return the numbers of the pieces for which words stand, in order."""
		return [int(word[len(self.mark) : -1]) for word in self.words(html)]

	def hide(self, piece: str) -> str:
		"""Add a piece, and return the word that stands for it."""
		self.pieces.append(piece)
		return f"{self.mark}{len(self.pieces) - 1}x"


def protect(source: str) -> ProtectedHtml:
	"""Return the template with its Jinja hidden. Raises Unprotectable."""
	document = read_html(source)
	if document.end_of_text < len(source):
		raise Unprotectable
	protected, parts = ProtectedHtml(_unused_word(source)), [""]
	for text, state in _join_conditions(document):
		if not state:
			parts.append(text)
			continue
		if parts[-1].endswith(("<", "</")):
			raise Unprotectable
		word = protected.hide(text)
		if state == TEXT:
			protected.flow.append(len(protected.pieces) - 1)
		parts.append(f"<!--{word}-->" if state == TEXT else word)
	protected.html = "".join(parts).replace(CSS_BRACE, BRACE)
	return protected


def _unused_word(source: str) -> str:
	taken = set(WORD.findall(source.lower()))
	return next(word for number in count() if (word := f"z{number}j") not in taken)


def _join_conditions(document: Html) -> Iterator[tuple[str, str]]:
	"""Yield the texts and pieces of a template, a condition within a tag as one piece.

	With each piece comes where it stands (Html.state), with a text "".
	"""
	depth, pending, state = 0, "", ""
	for text, piece in _texts_and_pieces(document):
		here = document.state(piece.start) if piece else ""
		if here in (TAG, VALUE):
			depth += bool(OPENS.match(text)) - bool(CLOSES.match(text))
		elif depth and not piece and ("<" in text or ">" in text):
			raise Unprotectable
		pending, state = pending + text, state or here
		if depth <= 0:
			yield pending, state
			pending = state = ""
	if pending:
		raise Unprotectable


def _texts_and_pieces(document: Html) -> Iterator[tuple[str, Piece | None]]:
	position = 0
	for piece in document.pieces:
		if piece.text != CSS_BRACE:
			if position < piece.start:
				yield document.source[position : piece.start], None
			yield piece.text, piece
			position = piece.end
	if position < len(document.source):
		yield document.source[position:], None
