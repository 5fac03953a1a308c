"""Members of target lists: their identity, and reading them from a CSV file. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from email_campaigns.audience.address import InvalidAddress, address_key, normalise

COLUMNS = {
	"email": ("email", "e-mail", "email address", "e-mail address", "mail", "email id", "email_id"),
	"first_name": ("first name", "first_name", "firstname", "given name", "prénom", "vorname"),
	"last_name": ("last name", "last_name", "lastname", "surname", "family name", "nom", "nachname"),
	"language": ("language", "lang", "langue", "sprache"),
}
NAME_LENGTH = 140
OF_RECORD = "record:"  # before the field of a record that is made for the address
SAMPLES = 3


class UnusableFile(Exception):
	"""The file as a whole can't be read; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class NewMember:
	"""A plain address about to join a list; `line` counts from 1 and includes the heading. `more` are fields and
	values of a record that is made for it."""

	line: int
	email: str
	first_name: str = ""
	last_name: str = ""
	language: str = ""
	more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CsvColumn:
	"""A column of a file: its name, its first values, and the field that it most likely is, "" for none."""

	name: str
	samples: tuple[str, ...]
	field: str


@dataclass(frozen=True, slots=True)
class Rejection:
	"""A line that was left out, with the sentence that says why."""

	line: int
	value: str
	why: str


def decode(content: bytes) -> str:
	"""Return the text of an uploaded file: UTF-8 with or without a mark, UTF-16 with one.

	Raises UnusableFile for any other encoding, for guessing would spoil names silently.
	"""
	encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
	try:
		return content.decode(encoding)
	except UnicodeDecodeError:
		raise UnusableFile(
			"The file is not encoded in UTF-8. Save it as “CSV UTF-8” and import it again."
		) from None


def csv_columns(text: str) -> list[CsvColumn]:
	"""Return the columns of a file with their likeliest fields. Raises UnusableFile where there is nothing in it."""
	rows = _rows(text)
	try:
		first = [row for row in islice(rows, SAMPLES + 1) if row]
	except csv.Error as error:
		raise UnusableFile(f"The file can't be read: {error}.") from None
	if not first:
		raise UnusableFile("The file is empty.")
	headed = not _is_data(first[0])
	names = first[0] if headed else [f"Column {place + 1}" for place in range(len(first[0]))]
	guesses = {place: field for field, place in _guess(names).items()}
	found = []
	for place, name in enumerate(names):
		samples = tuple(row[place] for row in first[headed:] if place < len(row) and row[place])
		found.append(CsvColumn(name, samples[:SAMPLES], guesses.get(place) or _guess_by_value(samples)))
	return found


def _guess_by_value(samples: tuple[str, ...]) -> str:
	return "email" if samples and all(_is_data([sample]) for sample in samples) else ""


def _is_data(row: list[str]) -> bool:
	"""Tell a line of data from a heading: it has an address."""
	for cell in row:
		try:
			normalise(cell)
		except InvalidAddress:
			continue
		return True
	return False


def read_csv(text: str, languages: frozenset[str] = frozenset(), mapping: Mapping[str, int] | None = None):
	"""Yield a NewMember or a Rejection for every line after the heading.

	Comma, semicolon and tab are recognised. A language outside `languages` rejects its line, where any are
	given. `mapping` is {field: place of its column, from 0}; without it the heading says which column is which.
	Raises UnusableFile where no column is the email.
	"""
	rows = _rows(text)
	heading = next(rows, [])
	places = _named(heading) if mapping is None else _mapped(mapping, heading)
	if mapping is not None and _is_data(heading):
		rows = _rows(text)  # the file has no heading
	seen: dict[str, int] = {}
	while True:
		try:
			row = next(rows, None)
		except csv.Error as error:
			yield Rejection(rows.line_num, "", f"The line can't be read: {error}.")
			continue
		if row is None:
			return
		if any(cell.strip() for cell in row):
			yield _read_row(rows.line_num, row, places, seen, languages)


def _delimiter(text: str) -> str:
	heading = text.lstrip().split("\n", 1)[0]
	return max(",;\t", key=heading.count)


def _rows(text: str):
	return csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))


def _guess(heading: list[str]) -> dict[str, int]:
	cells = [cell.strip().lower() for cell in heading]
	return {
		field: next(cells.index(name) for name in names if name in cells)
		for field, names in COLUMNS.items()
		if any(name in cells for name in names)
	}


def _named(heading: list[str]) -> dict[str, int]:
	places = _guess(heading)
	if "email" not in places:
		raise UnusableFile(
			"The first line names no column “Email”. Its columns are: " + (", ".join(heading) or "none") + "."
		)
	return places


def _mapped(mapping: Mapping[str, int], heading: list[str]) -> dict[str, int]:
	if "email" not in mapping:
		raise UnusableFile("Choose the column that holds the email address.")
	if any(not 0 <= place < len(heading) for place in mapping.values()):
		raise UnusableFile(
			f"The file has {len(heading)} columns, not those that were chosen. Upload it again."
		)
	return dict(mapping)


def _read_row(line, row, places, seen, languages) -> NewMember | Rejection:
	values = {field: row[place].strip() for field, place in places.items() if place < len(row)}
	raw = values.get("email", "")
	try:
		email = normalise(raw)
	except InvalidAddress as error:
		return Rejection(line, raw, str(error))
	why = _complaint(email, values, seen, languages)
	if why:
		return Rejection(line, raw, why)
	seen[address_key(email)] = line
	more = tuple(
		(field.removeprefix(OF_RECORD), value)
		for field, value in values.items()
		if value and field.startswith(OF_RECORD)
	)
	names = (values.get("first_name", ""), values.get("last_name", ""), values.get("language", ""))
	return NewMember(line, email, *names, more)


def _complaint(email, values, seen, languages) -> str:
	if address_key(email) in seen:
		return f"The address stands already in line {seen[address_key(email)]}."
	if languages and values.get("language") and values["language"] not in languages:
		return f"The language “{values['language']}” is not known to this site."
	for field in ("first_name", "last_name"):
		if len(values.get(field, "")) > NAME_LENGTH:
			return f"The {field.replace('_', ' ')} is longer than {NAME_LENGTH} characters."
	return ""
