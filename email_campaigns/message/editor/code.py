"""The code blocks of the rich-text editor: a <div> for each line becomes a line of a <pre>. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from email_campaigns.message.editor.styles import CODE_BLOCK, class_names
from email_campaigns.message.html.tokens import END, START, Change, Html, Token

LINE = "ql-code-block"
NO_BREAK_SPACE = re.compile("&nbsp;|\xa0")  # as the editor stores every other one of several spaces


def code_changes(document: Html) -> Iterator[Change]:
	"""Yield the changes of all code blocks: <pre>, and in it text with line ends."""
	block: _Block | None = None
	for token in document.all_tokens:
		if block is None:
			if token.kind == START and CODE_BLOCK in class_names(document, token):
				block = _Block(document, token)
		elif block.ends_at(token):
			yield from block.finish(token)
			block = None
		else:
			block.read(token)


class _Block:
	"""A code block up to here: its start tag, the tag of the line that is open, and the changes."""

	def __init__(self, document: Html, start: Token):
		self._document, self.start = document, start
		self.line: Token | None = None
		# Parsers drop the first line end
		self._changes: list[Change] = [_named(start, "pre"), (start.end, start.end, "\n")]

	def ends_at(self, token: Token) -> bool:
		"""Tell whether a tag ends the block, and not a line of it."""
		is_line = token.name == "div" and self.line
		return token.kind == END and token.name == self.start.name and not is_line

	def read(self, token: Token) -> None:
		"""Add what a tag within the block says."""
		if token.name == "div" and token.kind == START and LINE in class_names(self._document, token):
			self.line = token
			self._changes.append((token.start, token.end, ""))
		elif token.name == "div" and token.kind == END and self.line:
			spaces = NO_BREAK_SPACE.finditer(self._document.source, self.line.end, token.start)
			self._changes += [(space.start(), space.end(), " ") for space in spaces]
			self._changes.append((token.start, token.end, "\n"))
			self.line = None
		elif token.name == "br" and self.line:  # the editor's mark of an empty line
			self._changes.append((token.start, token.end, ""))

	def finish(self, end: Token) -> list[Change]:
		"""Return the changes of the whole block."""
		return [*self._changes, _named(end, "pre")]


def _named(token: Token, name: str) -> Change:
	start = token.start + (2 if token.kind == END else 1)
	return start, start + len(token.name), name
