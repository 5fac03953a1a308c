"""An uploaded file as a table: how it is to be read, its heading and its rows. Pure.

`Layout` says how a file is read. `open_table` guesses what was not chosen; what it has guessed is shown to
the user, and the import gets the same values.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import BinaryIO

from email_campaigns.audience.lists.cells import has_address
from email_campaigns.audience.lists.columns import guess_fields
from email_campaigns.audience.lists.encoding import ENCODINGS, guess_encoding
from email_campaigns.audience.lists.rows import Row, UnusableFile, read_rows
from email_campaigns.audience.lists.workbook import (
	OLD_MAGIC,
	ZIP_MAGIC,
	estimate_rows,
	read_sheet,
	sheet_names,
)
from email_campaigns.text import Sentence, _lt

# {name: character}, and the labels for people
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
SEPARATOR_LABELS = {
	"comma": _lt("Comma"),
	"semicolon": _lt("Semicolon"),
	"tab": _lt("Tab"),
	"bar": _lt("Vertical bar"),
}
LOOKED_AT = 40  # lines of a file by which its layout is guessed
SHOWN = 8  # lines
_CHUNK = 1_000_000  # bytes
_LINE_LIMIT = 100_000  # characters of a line by which the layout is guessed
# Excel takes the separator from such a first line, and shows it to nobody.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?[,;\t|]*\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
	"""How a file is read; "" and None stand for what is to be guessed.

	`encoding` is a key of ENCODINGS and `separator` one of SEPARATORS, both "" of a workbook. `sheet` is the
	name of the sheet of a workbook. `heading` is the line with the names of the columns, 0 for none.
	"""

	encoding: str = ""
	separator: str = ""
	heading: int | None = None
	sheet: str = ""


@dataclass(frozen=True, slots=True)
class Table:
	"""A file with the layout by which it is read; the layout has nothing left to guess.

	`heading` has the names of the columns, [] where there are none; `width` is the number of columns.
	"""

	stream: BinaryIO
	layout: Layout
	sheets: tuple[str, ...]
	heading: list[str]
	width: int

	def first_rows(self, number: int = SHOWN) -> list[Row]:
		"""Return the first rows of the file, those above the heading included."""
		rows = _first(_all_rows(self.stream, self.layout), number)
		return [self._with_problem(row) if row.line > (self.layout.heading or 0) else row for row in rows]

	def estimate_lines(self) -> int:
		"""Return about how many lines the file has, at least 1."""
		if self.layout.sheet:
			return estimate_rows(self.stream, self.layout.sheet)
		self.stream.seek(0)
		ends = Counter[bytes]()
		for chunk in iter(partial(self.stream.read, _CHUNK), b""):
			ends.update({end: chunk.count(end) for end in (b"\n", b"\r")})
		return max(ends.values()) + 1 if ends else 1

	def rows(self) -> Iterator[Row]:
		"""Yield the rows below the heading. Raises UnusableFile."""
		for row in _all_rows(self.stream, self.layout):
			if row.line > (self.layout.heading or 0):
				yield self._with_problem(row)

	def _with_problem(self, row: Row) -> Row:
		if len(row.cells) <= self.width or row.problem or not any(row.cells[self.width :]):
			return row
		problem = Sentence(
			_lt("The line has {0} cells, and the file has {1} columns."), len(row.cells), self.width
		)
		return row._replace(problem=problem)


def open_table(stream: BinaryIO, chosen: Layout | None = None, language: str = "") -> Table:
	"""Return the table in a file; `language` is the code of its reader's language.

	Raises UnusableFile where the file, or what was chosen, can't be used.
	"""
	layout = chosen or Layout()
	sheets: tuple[str, ...] = ()
	stream.seek(0)
	magic = stream.read(4)
	if magic == OLD_MAGIC:
		raise UnusableFile(_lt("This is an old workbook (.xls). Save it as .xlsx or as “CSV UTF-8”."))
	if magic == ZIP_MAGIC:
		sheets = tuple(sheet_names(stream))
		layout = _choose_sheet(stream, layout, sheets)
	else:
		layout = _choose_text(stream, layout, language)
	rows = _first(_all_rows(stream, layout), LOOKED_AT)
	if not rows:
		raise UnusableFile(_lt("The file is empty."))
	number = _guess_heading(rows) if layout.heading is None else layout.heading
	heading = _heading(rows, number)
	widths = [len(heading)] if heading else [len(row.cells) for row in rows if not row.problem]
	return Table(stream, replace(layout, heading=number), sheets, heading, max(widths, default=1))


def _choose_sheet(stream: BinaryIO, layout: Layout, sheets: Sequence[str]) -> Layout:
	"""Return the layout with a sheet: the chosen one, else the first that has any text."""
	if layout.sheet not in sheets:
		names = [name for name in sheets if _first(read_sheet(stream, name), 1)] or [""]
		layout = replace(layout, sheet=names[0])
	if not layout.sheet:
		raise UnusableFile(_lt("The file is empty."))
	return replace(layout, encoding="", separator="")


def _choose_text(stream: BinaryIO, layout: Layout, language: str) -> Layout:
	encoding = layout.encoding if layout.encoding in ENCODINGS else guess_encoding(stream, language)
	with closing(_lines(stream, encoding)) as lines:
		sample = [line for line in islice(lines, LOOKED_AT) if len(line) < _LINE_LIMIT]
	separator = layout.separator if layout.separator in SEPARATORS else _guess_separator(sample)
	return replace(layout, encoding=encoding, separator=separator, sheet="")


def _lines(stream: BinaryIO, encoding: str) -> Generator[str, None, None]:
	"""Yield the lines of a file with their ends. A character that the encoding does not have is U+FFFD."""
	stream.seek(0)
	reader = io.TextIOWrapper(stream, encoding, errors="replace", newline="")
	try:
		for line in reader:  # noqa: UP028 - `yield from` would close the stream with the generator
			yield line
	except UnicodeError as error:  # UTF-16 that ends within a mark
		raise UnusableFile(_lt("The file can't be read as {0}."), ENCODINGS[encoding]) from error
	finally:
		reader.detach()


def _all_rows(stream: BinaryIO, layout: Layout) -> Generator[Row, None, None]:
	if layout.sheet:
		yield from read_sheet(stream, layout.sheet)
		return
	with closing(_lines(stream, layout.encoding)) as lines:
		for row in read_rows(lines, SEPARATORS[layout.separator]):
			if row.line > 1 or not _SEPARATOR_LINE.fullmatch(SEPARATORS[layout.separator].join(row.cells)):
				yield row


def _first(rows: Generator[Row, None, None], number: int) -> list[Row]:
	with closing(rows):
		return list(islice(rows, number))


def _guess_separator(lines: Sequence[str]) -> str:
	"""Return the name of the separator by which most lines have the cells of a list of addresses."""
	said = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
	named = {character: name for name, character in SEPARATORS.items()}
	if said and said[1] in named:
		return named[said[1]]
	return max(SEPARATORS, key=lambda name: _suits(lines, SEPARATORS[name]))


def _suits(lines: Sequence[str], separator: str) -> tuple[bool, int, int]:
	"""Return how well a separator suits: a heading is known, rows with an address, columns."""
	rows = [row for row in read_rows(lines, separator) if not row.problem]
	headed = any("email" in guess_fields(row.cells) for row in rows)
	width, times = Counter(len(row.cells) for row in rows).most_common(1)[0] if rows else (1, 0)
	return headed, sum(_is_data(row) for row in rows), width if times * 2 > len(rows) else 1


def _is_data(row: Row) -> bool:
	"""Tell a line of data from a heading: it has an address."""
	return any(has_address(cell) for cell in row.cells)


def _guess_heading(rows: Sequence[Row]) -> int:
	"""Return the line with the names of the columns, 0 where the data begin without one."""
	data = next((place for place, row in enumerate(rows) if _is_data(row)), None)
	above = [row for row in rows[:data] if not row.problem]
	if named := [row for row in above if "email" in guess_fields(row.cells)]:
		return named[-1].line
	if data is None:
		return max(above, key=lambda row: len(row.cells)).line if above else 0
	width = len(rows[data].cells)
	# A title above the data has fewer cells than they.
	return above[-1].line if above and sum(map(bool, above[-1].cells)) * 2 > width else 0


def _heading(rows: Sequence[Row], number: int) -> list[str]:
	if not number:
		return []
	row = next((row for row in rows if row.line == number), None)
	if not row or row.problem:
		raise UnusableFile(_lt("Line {0} can't be read as the heading. Choose another one."), number)
	while row.cells and not row.cells[-1].strip():
		row.cells.pop()
	return row.cells
