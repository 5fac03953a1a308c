"""The code blocks of the rich-text editor: a <div> for each line becomes a line of a <pre>. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from email_campaigns.message.editor.styles import CODE_BLOCK, class_names
from email_campaigns.message.editor.tags import Edit, Token

LINE = "ql-code-block"


def code_edits(html: str, tokens: Sequence[Token]) -> Iterator[Edit]:
	"""Yield the edits of all code blocks: <pre>, and in it text with line ends."""
	edits: list[Edit] = []
	block: Token | None = None
	in_line = False
	for token in tokens:
		if block is None:
			if not token.closing and CODE_BLOCK in class_names(html, token):
				block, in_line = token, False
				# Parsers drop the first line end
				edits = [_named(token, "pre"), (token.end, token.end, "\n")]
		elif token.name == "div" and not token.closing and LINE in class_names(html, token):
			in_line = True
			edits.append((token.start, token.end, ""))
		elif token.name == "div" and token.closing and in_line:
			in_line = False
			edits.append((token.start, token.end, "\n"))
		elif token.name == "br" and in_line:  # the editor's mark of an empty line
			edits.append((token.start, token.end, ""))
		elif token.name == block.name and token.closing:
			yield from (*edits, _named(token, "pre"))
			block = None


def _named(token: Token, name: str) -> Edit:
	start = token.start + (2 if token.closing else 1)
	return start, start + len(token.name), name
