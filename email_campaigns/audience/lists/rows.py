"""Rows of a CSV file: each line by itself, so that a quote nobody closed costs its own line only. Pure.

RFC 4180 lets a quoted cell hold line breaks. A quote that was never closed looks the same at first and would
swallow the lines up to the next quote. So a cell that goes on over lines counts only where its quote is
closed as the RFC wants it, within bounds, and none of the lines in it is a row with an address of its own.
Otherwise its first line is a row with a problem, and the next lines are read by themselves.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from email_campaigns.text import Sentence, SentenceError, _lt

QUOTE = '"'
LINE_LENGTH = 100_000  # characters; no list of addresses has longer lines
CELL_LINES = 50  # lines of one cell
CELL_LENGTH = 10_000  # characters of a row that goes on over lines
SHOWN_LENGTH = 200  # characters of a line that a report shows
_UNREADABLE = _lt("The line can't be read: {0}.")


class UnusableFile(SentenceError):
	"""The file as a whole can't be read; the message is a sentence for the user."""


class Row(NamedTuple):
	"""A row with its first line, which counts from 1; `problem` says why its cells can't be trusted."""

	line: int
	cells: list[str]
	problem: Sentence | None = None


def read_rows(lines: Iterable[str], separator: str) -> Iterator[Row]:
	"""Yield a Row for each row of a file that has any text, from its lines with their ends."""
	source = _Lines(lines)
	while line := source.take():
		row = _read_row(source, line, separator)
		if row.problem or any(cell and not cell.isspace() for cell in row.cells):
			yield row


class _Lines:
	"""Lines, of which some can be looked at before they are taken; `number` is that of the last taken."""

	def __init__(self, lines: Iterable[str]):
		self._lines = iter(lines)
		self._ahead: deque[str] = deque()
		self.number = 0

	def take(self) -> str:
		"""Return the next line, "" at the end."""
		self.number += 1
		return self._ahead.popleft() if self._ahead else next(self._lines, "")

	def look(self, place: int) -> str:
		while len(self._ahead) <= place:
			self._ahead.append(next(self._lines, ""))
		return self._ahead[place]


def _read_row(source: _Lines, line: str, separator: str) -> Row:
	number = source.number
	if len(line) > LINE_LENGTH:
		return _damaged(number, line, Sentence(_lt("The line is longer than {0} characters."), LINE_LENGTH))
	if QUOTE not in line:
		return Row(number, line.rstrip("\r\n").split(separator))
	try:
		if not _is_open([line], separator):
			return Row(number, next(csv.reader([line], delimiter=separator)))
		cells = _read_over_lines(source, line, separator)
	except csv.Error as error:
		return _damaged(number, line, Sentence(_UNREADABLE, error))
	if cells:
		return Row(number, cells)
	return _damaged(number, line, Sentence(_lt("A quote in this line is not closed.")))


def _damaged(number: int, line: str, problem: Sentence) -> Row:
	return Row(number, [line[:SHOWN_LENGTH].strip()], problem)


def _is_open(lines: list[str], separator: str) -> bool:
	"""Tell whether a quote is still open at the end of lines: the reader then takes one line more."""
	reader = csv.reader([*lines, "\n"], delimiter=separator)
	next(reader)
	return reader.line_num > len(lines)


def _read_over_lines(source: _Lines, first: str, separator: str) -> list[str]:
	"""Return the cells of a row that goes on over the next lines, and take these; [] where it does not."""
	lines, length = [first], len(first)
	for place in range(CELL_LINES):
		line = source.look(place)
		lines.append(line)
		length += len(line)
		if not line or length > CELL_LENGTH:
			return []
		# Within quotes, a pair of them stands for one and closes nothing.
		if QUOTE in line.replace(QUOTE * 2, "") and not _is_open(lines, separator):
			cells = _parse_strictly(lines, separator)
			if not cells or _swallows_rows(cells, separator):
				return []
			for _taken in lines[1:]:
				source.take()
			return cells
	return []


def _parse_strictly(lines: list[str], separator: str) -> list[str]:
	"""Return the cells of a row, [] where something other than a separator follows a closing quote."""
	try:
		return next(csv.reader(lines, delimiter=separator, strict=True))
	except csv.Error:
		return []


def _swallows_rows(cells: list[str], separator: str) -> bool:
	"""Tell whether a line within a cell has an @ and as many cells as the whole row: it is one itself."""
	inner = [line for cell in cells for line in cell.splitlines()[1:]]
	return any("@" in line and line.count(separator) + 1 >= len(cells) for line in inner)
