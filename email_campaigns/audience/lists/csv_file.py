"""CSV files: their columns, and their lines as new members of a target list or as rejections. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from email_campaigns.audience.address import InvalidAddress, address_key, normalise, normalise_or_empty
from email_campaigns.text import Sentence, SentenceError, _lt

COLUMNS = {
	"email": ("email", "e-mail", "email address", "e-mail address", "mail", "email id", "email_id"),
	"first_name": ("first name", "first_name", "firstname", "given name", "prénom", "vorname"),
	"last_name": ("last name", "last_name", "lastname", "surname", "family name", "nom", "nachname"),
	"language": ("language", "lang", "langue", "sprache"),
}
NAME_LENGTH = 140  # characters
_LONG_NAMES = {
	"first_name": _lt("The first name is longer than {0} characters."),
	"last_name": _lt("The last name is longer than {0} characters."),
}
OF_RECORD = "record:"  # before the name of a field of the record that is made for the address
SAMPLES = 3
_UNREADABLE = _lt("The file can't be read: {0}.")


class UnusableFile(SentenceError):
	"""The file as a whole can't be read; the message is a sentence for the user."""


class _Rows(Protocol):
	"""A csv.reader, whose own type has no public name."""

	@property
	def line_num(self) -> int: ...

	def __iter__(self) -> Iterator[list[str]]: ...

	def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class NewMember:
	"""A plain address that joins a list; `email` is normalised.

	`line` is its line in the file: it counts from 1 and includes the heading. `more` has (field, value) pairs
	for the record that is made for it.
	"""

	line: int
	email: str
	first_name: str = ""
	last_name: str = ""
	language: str = ""
	more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CsvColumn:
	"""A column of a file: its name, its first values, and the field that it most likely is, "" for none.

	The name is the heading's text, a Sentence where the file has no heading.
	"""

	name: str | Sentence
	samples: tuple[str, ...]
	field: str


@dataclass(frozen=True, slots=True)
class Rejection:
	"""A line that does not join, with the sentence that says why."""

	line: int
	value: str
	why: str | Sentence


def decode(content: bytes) -> str:
	"""Return the text of an uploaded file: UTF-8 with or without a mark, UTF-16 with one.

	Raises UnusableFile for any other encoding, because a wrong guess would spoil names silently.
	"""
	encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
	try:
		return content.decode(encoding)
	except UnicodeDecodeError:
		raise UnusableFile(
			_lt("The file is not encoded in UTF-8. Save it as “CSV UTF-8” and import it again.")
		) from None


def csv_columns(text: str) -> list[CsvColumn]:
	"""Return the columns of a file with their likeliest fields. Raises UnusableFile for an empty file."""
	rows = _rows(text)
	try:
		first = [row for row in islice(rows, SAMPLES + 1) if row]
	except csv.Error as error:
		raise UnusableFile(_UNREADABLE, error) from None
	if not first:
		raise UnusableFile(_lt("The file is empty."))
	headed = not _is_data(first[0])
	guesses = {place: field for field, place in _guess_fields(first[0]).items()} if headed else {}
	columns = []
	for place, text in enumerate(first[0]):
		name = text if headed else Sentence(_lt("Column {0}"), place + 1)
		samples = tuple(row[place] for row in first[headed:] if place < len(row) and row[place])
		columns.append(CsvColumn(name, samples[:SAMPLES], guesses.get(place) or _guess_by_value(samples)))
	return columns


def _guess_by_value(samples: tuple[str, ...]) -> str:
	return "email" if samples and all(_is_data([sample]) for sample in samples) else ""


def _is_data(row: list[str]) -> bool:
	"""Tell a line of data from a heading: it has an address."""
	return any(normalise_or_empty(cell) for cell in row)


def read_csv(
	text: str, languages: frozenset[str] = frozenset(), mapping: Mapping[str, int] | None = None
) -> Iterator[NewMember | Rejection]:
	"""Yield a NewMember or a Rejection for every line after the heading.

	Columns are separated by comma, semicolon or tab. Where `languages` are given, any other language rejects
	its line. `mapping` is {field: place of its column, from 0}; without it the heading names the columns.
	Raises UnusableFile where no column is the email.
	"""
	rows = _rows(text)
	heading = _read_heading(rows)
	places = _places_by_heading(heading) if mapping is None else _places_by_choice(mapping, heading)
	if mapping is not None and _is_data(heading):
		rows = _rows(text)  # the file has no heading
	seen: dict[str, int] = {}
	while True:
		try:
			row = next(rows, None)
		except csv.Error as error:
			yield Rejection(rows.line_num, "", Sentence(_lt("The line can't be read: {0}."), error))
			continue
		if row is None:
			return
		if any(cell.strip() for cell in row):
			yield _read_row(rows.line_num, row, places, seen, languages)


def _read_heading(rows: _Rows) -> list[str]:
	try:
		return next(rows, [])
	except csv.Error as error:
		raise UnusableFile(_UNREADABLE, error) from None


def _delimiter(text: str) -> str:
	heading = text.lstrip().split("\n", 1)[0]
	return max(",;\t", key=heading.count)


def _rows(text: str) -> _Rows:
	return csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))


def _guess_fields(heading: list[str]) -> dict[str, int]:
	cells = [cell.strip().lower() for cell in heading]
	return {
		field: next(cells.index(name) for name in names if name in cells)
		for field, names in COLUMNS.items()
		if any(name in cells for name in names)
	}


def _places_by_heading(heading: list[str]) -> dict[str, int]:
	places = _guess_fields(heading)
	if "email" not in places:
		columns = ", ".join(heading) or Sentence(_lt("none"))
		raise UnusableFile(_lt("The first line names no column “Email”. Its columns are: {0}."), columns)
	return places


def _places_by_choice(mapping: Mapping[str, int], heading: list[str]) -> dict[str, int]:
	if "email" not in mapping:
		raise UnusableFile(_lt("Choose the column that holds the email address."))
	if any(not 0 <= place < len(heading) for place in mapping.values()):
		raise UnusableFile(
			_lt("The file has {0} columns, not those that were chosen. Upload it again."), len(heading)
		)
	return dict(mapping)


def _read_row(
	line: int,
	row: list[str],
	places: Mapping[str, int],
	seen: dict[str, int],
	languages: Collection[str],
) -> NewMember | Rejection:
	"""Read one line; `seen` is {address key: line} of the lines before, and learns this one."""
	values = {field: row[place].strip() for field, place in places.items() if place < len(row)}
	raw = values.get("email", "")
	try:
		email = normalise(raw)
	except InvalidAddress as error:
		return Rejection(line, raw, error.sentence)
	if problem := _problem_with_line(email, values, seen, languages):
		return Rejection(line, raw, problem)
	seen[address_key(email)] = line
	more = tuple(
		(field.removeprefix(OF_RECORD), value)
		for field, value in values.items()
		if value and field.startswith(OF_RECORD)
	)
	first_name, last_name, language = (
		values.get(field, "") for field in ("first_name", "last_name", "language")
	)
	return NewMember(line, email, first_name, last_name, language, more)


def _problem_with_line(
	email: str, values: Mapping[str, str], seen: Mapping[str, int], languages: Collection[str]
) -> Sentence | None:
	if address_key(email) in seen:
		return Sentence(_lt("The address stands already in line {0}."), seen[address_key(email)])
	if languages and values.get("language") and values["language"] not in languages:
		return Sentence(_lt("The language “{0}” is not known to this site."), values["language"])
	for field, text in _LONG_NAMES.items():
		if len(values.get(field, "")) > NAME_LENGTH:
			return Sentence(text, NAME_LENGTH)
	return None
