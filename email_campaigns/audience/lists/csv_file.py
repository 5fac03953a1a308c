"""Uploaded files: their columns, and their lines as new members, opt-outs or rejections. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from email_campaigns.audience.address import InvalidAddress, address_key
from email_campaigns.audience.lists.cells import LOST, PersonAddress, has_address, plain_text, read_address
from email_campaigns.audience.lists.columns import (
	OPTED_OUT,
	OptOutKind,
	guess_fields,
	guesses_opt_out,
	is_opted_out,
	opt_out_kind,
)
from email_campaigns.audience.lists.rows import SHOWN_LENGTH, Row, UnusableFile
from email_campaigns.audience.lists.table import Table
from email_campaigns.text import Sentence, SentenceError, _lt

NAME_LENGTH = 140  # characters
_LONG_NAMES = {
	"first_name": _lt("The first name is longer than {0} characters."),
	"last_name": _lt("The last name is longer than {0} characters."),
}
_NAME_FIELDS = tuple(_LONG_NAMES)
OF_RECORD = "record:"  # before the name of a field of the record that is made for the address
SAMPLES = 3


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
class OptedOut:
	"""A line whose address has opted out, and the column that says so; `email` is normalised."""

	line: int
	email: str
	column: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
	"""A line that does not join, with the sentence that says why."""

	line: int
	value: str
	why: str | Sentence


Line = NewMember | OptedOut | Rejection


@dataclass(frozen=True, slots=True)
class CsvColumn:
	"""A column of a file: its name, its first values, and the field that it most likely is, "" for none.

	The name is the heading's text, a Sentence where the file has no heading.
	"""

	name: str | Sentence
	samples: tuple[str, ...]
	field: str


def read_columns(table: Table) -> list[CsvColumn]:
	"""Return the columns of a file with their likeliest fields. Raises UnusableFile."""
	rows = [row for row in table.first_rows(50) if row.line > (table.layout.heading or 0) and not row.problem]
	guesses = {place: field for field, place in guess_fields(table.heading).items()}
	columns = []
	for place in range(table.width):
		samples = tuple(
			text for row in rows if place < len(row.cells) and (text := plain_text(row.cells[place]))
		)
		title = plain_text(table.heading[place]) if place < len(table.heading) else ""
		field = guesses.get(place) or _guess_by_value(title, samples, "email" in guesses.values())
		columns.append(CsvColumn(title or Sentence(_lt("Column {0}"), place + 1), samples[:SAMPLES], field))
	return columns


def _guess_by_value(title: str, samples: tuple[str, ...], has_email: bool) -> str:
	if guesses_opt_out(title, samples):
		return OPTED_OUT
	return "email" if samples and not has_email and all(map(has_address, samples[:SAMPLES])) else ""


def read_members(
	table: Table, mapping: Mapping[str, int] | None = None, languages: Collection[str] = frozenset()
) -> Iterator[Line]:
	"""Yield a value for every line of data that has any text.

	`mapping` is {field: place of its column, from 0}; without it the columns are guessed. Several columns may
	say who has opted out, under names that begin with OPTED_OUT. Where `languages` are given, any other
	language rejects its line. Raises UnusableFile where no column is the email.
	"""
	places = _guess_places(table) if mapping is None else _check_places(mapping, table)
	reader = _Reader(table.heading, places, languages)
	return map(reader.read, table.rows())


def _guess_places(table: Table) -> dict[str, int]:
	places: dict[str, int] = {}
	for place, column in enumerate(read_columns(table)):
		if column.field == OPTED_OUT:
			places[f"{OPTED_OUT}:{place}"] = place
		elif column.field:
			places.setdefault(column.field, place)
	if "email" not in places:
		columns = ", ".join(map(plain_text, table.heading)) or Sentence(_lt("none"))
		raise UnusableFile(_lt("The heading names no column “Email”. Its columns are: {0}."), columns)
	return places


def _check_places(mapping: Mapping[str, int], table: Table) -> dict[str, int]:
	if "email" not in mapping:
		raise UnusableFile(_lt("Choose the column that holds the email address."))
	if any(not 0 <= place < table.width for place in mapping.values()):
		raise UnusableFile(
			_lt("The file has {0} columns, not those that were chosen. Upload it again."), table.width
		)
	return dict(mapping)


class _Reader:
	"""Reads rows one after the other, and knows the addresses of those before."""

	def __init__(self, heading: list[str], places: Mapping[str, int], languages: Collection[str]):
		titles = {place: plain_text(title) for place, title in enumerate(heading)}
		self.opt_outs = [
			(place, titles.get(place, ""), opt_out_kind(titles.get(place, "")) or OptOutKind.FLAG)
			for field, place in places.items()
			if field.partition(":")[0] == OPTED_OUT
		]
		self.places = {f: place for f, place in places.items() if f.partition(":")[0] != OPTED_OUT}
		self.languages = languages
		self.seen: dict[str, int] = {}  # {address key: line}

	def read(self, row: Row) -> Line:
		raw = _cell(row, self.places["email"])
		if row.problem:
			return Rejection(row.line, " ".join(row.cells)[:SHOWN_LENGTH], row.problem)
		try:
			person = read_address(raw)
		except InvalidAddress as error:
			return Rejection(row.line, plain_text(raw)[:SHOWN_LENGTH], error.sentence)
		return self._read_person(row, person)

	def _read_person(self, row: Row, person: PersonAddress) -> Line:
		key = address_key(person.email)
		try:
			column = self._opted_out(row)
		except _UnknownValue as unknown:
			return Rejection(row.line, person.email, unknown.sentence)
		if column is not None:
			self.seen.setdefault(key, row.line)
			return OptedOut(row.line, person.email, column)
		values = {field: plain_text(_cell(row, place)) for field, place in self.places.items()}
		if problem := self._problem(row, key, values):
			return Rejection(row.line, person.email, problem)
		self.seen[key] = row.line
		return _member(row.line, person, values)

	def _opted_out(self, row: Row) -> str | None:
		"""Return the name of the column that says the person has opted out, None where none says so."""
		for place, title, kind in self.opt_outs:
			value = _cell(row, place)
			try:
				if is_opted_out(value, kind):
					return title
			except ValueError:
				raise _UnknownValue(_OPT_OUT_UNKNOWN, plain_text(value)[:SHOWN_LENGTH], title) from None
		return None

	def _problem(self, row: Row, key: str, values: Mapping[str, str]) -> Sentence | None:
		if key in self.seen:
			return Sentence(_lt("The address stands already in line {0}."), self.seen[key])
		language = values.get("language")
		if self.languages and language and language not in self.languages:
			return Sentence(_lt("The language “{0}” is not known to this site."), language)
		return _problem_with_names(row, self.places, values)


class _UnknownValue(SentenceError):
	"""A value of an opt-out column can't be understood; the message is a sentence for the user."""


_OPT_OUT_UNKNOWN = _lt("“{0}” in the column “{1}” does not say whether the person has opted out.")


def _problem_with_names(row: Row, places: Mapping[str, int], values: Mapping[str, str]) -> Sentence | None:
	for field in _NAME_FIELDS:
		value = values.get(field, "")
		if len(value) > NAME_LENGTH:
			return Sentence(_LONG_NAMES[field], NAME_LENGTH)
		if value.count('"') % 2:
			return Sentence(_lt("A quote in the name is not closed."))
		if "@" in value and len(_cell(row, places[field]).splitlines()) > 1:
			return Sentence(_lt("The name goes on over lines, and an address is in it."))
	if any(LOST in value for value in values.values()):
		return Sentence(_lt("A character in this line is not of the encoding that was chosen."))
	return None


def _cell(row: Row, place: int) -> str:
	return row.cells[place] if place < len(row.cells) else ""


def _member(line: int, person: PersonAddress, values: Mapping[str, str]) -> NewMember:
	first_name, last_name = values.get("first_name", ""), values.get("last_name", "")
	if not first_name and not last_name:
		first_name, last_name = person.first_name[:NAME_LENGTH], person.last_name[:NAME_LENGTH]
	more = tuple(
		(field.removeprefix(OF_RECORD), value)
		for field, value in values.items()
		if value and field.startswith(OF_RECORD)
	)
	return NewMember(line, person.email, first_name, last_name, values.get("language", ""), more)
