"""Workbooks of Excel (.xlsx) as rows of text, within bounds: an archive can hide any amount of data. Pure."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from email_campaigns.audience.lists.rows import Row, UnusableFile
from email_campaigns.text import _lt

ZIP_MAGIC = b"PK\x03\x04"
OLD_MAGIC = b"\xd0\xcf\x11\xe0"  # an OLE file, as .xls is
ROWS = 1_048_576  # Excel's own limit
COLUMNS = 500
PARTS = 10_000
UNPACKED = 500_000_000  # bytes of all parts
# The library reads sheets row by row, and any other part as a whole.
PART = 50_000_000  # bytes of such a part
SHEETS = "xl/worksheets/"
_HEAD = 2048  # bytes
_TOO_LARGE = _lt("The workbook is too large when it is unpacked. Save its sheet as “CSV UTF-8”.")
_DAMAGED = _lt("The workbook can't be read. Open it in a spreadsheet and save it again.")


def sheet_names(stream: BinaryIO) -> list[str]:
	"""Return the names of the visible sheets. Raises UnusableFile."""
	with _opened(stream) as book:
		return [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]


def estimate_rows(stream: BinaryIO, name: str) -> int:
	"""Return how many rows a sheet says that it has, at least 1. Raises UnusableFile."""
	with _opened(stream) as book:
		return getattr(book[name], "max_row", None) or 1


def read_sheet(stream: BinaryIO, name: str) -> Generator[Row, None, None]:
	"""Yield a Row for each row of a sheet that has any text; of a formula, its last result.

	Raises UnusableFile.
	"""
	with _opened(stream) as book:
		if name not in book.sheetnames or not hasattr(book[name], "reset_dimensions"):
			raise UnusableFile(_lt("The workbook has no sheet “{0}”."), name)
		sheet = book[name]
		sheet.reset_dimensions()  # what a file says of its size may be wrong
		for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
			if line > ROWS:
				raise UnusableFile(_lt("The sheet has more than {0} rows."), ROWS)
			cells = [_text(value) for value in values[:COLUMNS]]
			if any(cells):
				yield Row(line, cells)


@contextmanager
def _opened(stream: BinaryIO) -> Iterator[Any]:
	stream.seek(0)
	try:
		_check_size(stream)
		book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
	except UnusableFile:
		raise
	except Exception as error:  # the library raises whatever a damaged part makes of it
		raise UnusableFile(_DAMAGED) from error
	try:
		yield book
	except (GeneratorExit, UnusableFile):
		raise
	except Exception as error:
		raise UnusableFile(_DAMAGED) from error
	finally:
		book.close()


def _check_size(stream: BinaryIO) -> None:
	"""Raise UnusableFile for an archive that unpacks to too much, or has entities that would grow."""
	try:
		with ZipFile(stream) as archive:
			parts = archive.infolist()
			# Python unpacks no more of a part than its entry says.
			sizes = [part.file_size for part in parts if not part.filename.startswith(SHEETS)]
			total = sum(part.file_size for part in parts)
			if len(parts) > PARTS or total > UNPACKED or max(sizes, default=0) > PART:
				raise UnusableFile(_TOO_LARGE)
			for part in parts:
				with archive.open(part) as content:
					if b"<!DOCTYPE" in content.read(_HEAD):
						raise UnusableFile(_DAMAGED)  # the format has none (ECMA-376, part 2)
	except BadZipFile as error:
		raise UnusableFile(_DAMAGED) from error


def _text(value: object) -> str:
	"""Return what a cell shows, nearly: numbers without an empty fraction, days without midnight."""
	if value is None:
		return ""
	if isinstance(value, bool):
		return str(value).lower()
	if isinstance(value, float) and value.is_integer():
		return str(int(value))
	if isinstance(value, datetime) and value.time() == time():
		return value.date().isoformat()
	return str(value)
