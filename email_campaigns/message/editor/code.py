"""The code blocks of the rich-text editor: a <div> for each line becomes a line of a <pre>. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from email_campaigns.message.editor.styles import CODE_BLOCK, class_names
from email_campaigns.message.editor.tags import Edit, Token

LINE = "ql-code-block"
NO_BREAK_SPACE = re.compile("&nbsp;|\xa0")  # as the editor stores every other one of several spaces


def code_edits(html: str, tokens: Sequence[Token]) -> Iterator[Edit]:
	"""Yield the edits of all code blocks: <pre>, and in it text with line ends."""
	edits: list[Edit] = []
	block: Token | None = None
	line: Token | None = None
	for token in tokens:
		if block is None:
			if not token.closing and CODE_BLOCK in class_names(html, token):
				block, line = token, None
				# Parsers drop the first line end
				edits = [_named(token, "pre"), (token.end, token.end, "\n")]
		elif token.name == "div" and not token.closing and LINE in class_names(html, token):
			line = token
			edits.append((token.start, token.end, ""))
		elif token.name == "div" and token.closing and line:
			spaces = NO_BREAK_SPACE.finditer(html, line.end, token.start)
			edits += [(space.start(), space.end(), " ") for space in spaces]
			edits.append((token.start, token.end, "\n"))
			line = None
		elif token.name == "br" and line:  # the editor's mark of an empty line
			edits.append((token.start, token.end, ""))
		elif token.name == block.name and token.closing:
			yield from (*edits, _named(token, "pre"))
			block = None


def _named(token: Token, name: str) -> Edit:
	start = token.start + (2 if token.closing else 1)
	return start, start + len(token.name), name
