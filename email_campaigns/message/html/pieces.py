"""The pieces of Jinja in a template, each where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import Environment

LEXER = Environment(keep_trailing_newline=True)
BEGIN = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}
BEGIN |= {"raw_begin": "raw_end"}
LINE_END, SPACES = re.compile(r"\r\n|\r"), re.compile(r"\s*")
RAW_BLOCK = re.compile(r"\{%[-+]?\s*raw\b")
PIECE_BEGIN = re.compile(r"\{[{%#]")
# Without braces, %, or escapes but in strings, a piece ends where it seems to
SIMPLE = re.compile(
	r"\{(?:\{[^{}'\"]*(?:(?:'[^'\\]*'|\"[^\"\\]*\")[^{}'\"]*)*\}\}"
	r"|%[^{}'\"%]*(?:(?:'[^'\\]*'|\"[^\"\\]*\")[^{}'\"%]*)*%\})"
)


@dataclass(frozen=True, slots=True)
class Piece:
	"""A piece of Jinja from `start` to `end`."""

	text: str
	start: int
	end: int

	@property
	def is_block(self) -> bool:
		"""Whether it writes nothing itself: {% … %} or {# … #}."""
		return not self.text.startswith("{{") and not RAW_BLOCK.match(self.text)


def find_pieces(source: str) -> Iterator[Piece]:
	"""Yield the pieces of Jinja in order. Raises TemplateSyntaxError."""
	simple = _simple_pieces(source)
	yield from simple if simple is not None else _lexed_pieces(source)


def _simple_pieces(source: str) -> list[Piece] | None:
	"""Return the pieces where all are plain, which spares reading each word of them; else None."""
	pieces: list[Piece] = []
	position = 0
	while begin := PIECE_BEGIN.search(source, position):
		piece = SIMPLE.match(source, begin.start())
		if not piece or RAW_BLOCK.match(piece[0]):
			return None
		position = piece.end()
		pieces.append(Piece(piece[0], begin.start(), position))
	return pieces


def _lexed_pieces(source: str) -> Iterator[Piece]:
	begin, position = 0, 0
	end: str | None = None
	text = LINE_END.sub(lambda match: " \n" if match[0] == "\r\n" else "\n", source)
	for _line, kind, value in LEXER.lex(text):
		if not text.startswith(value, position):  # {%- takes away the spaces before it
			position = SPACES.match(text, position).end()  # type: ignore[union-attr]  # it matches nothing, too
		if end is None and kind in BEGIN:
			begin, end = position, BEGIN[kind]
		position += len(value)
		if kind == end:
			yield Piece(source[begin:position], begin, position)
			end = None


def split(source: str) -> Iterator[tuple[str, bool]]:
	"""Yield (text, whether it is Jinja) in order; the texts together are the template.

	Raises TemplateSyntaxError, but never for a source that has been parsed.
	"""
	position = 0
	for piece in find_pieces(source):
		if position < piece.start:
			yield source[position : piece.start], False
		yield piece.text, True
		position = piece.end
	if position < len(source):
		yield source[position:], False
